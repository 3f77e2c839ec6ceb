'use strict';
(function () {
  var collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

  function value(row, column) {
    var cell = row.cells[column];
    return cell.hasAttribute('data-sort') ? cell.getAttribute('data-sort') : cell.textContent.trim();
  }

  function sort(table, head, column) {
    var ascending = head.getAttribute('aria-sort') !== 'ascending';
    var body = table.tBodies[0];
    var keyed = Array.from(body.rows, function (row, at) { return { row: row, key: value(row, column), at: at }; });
    keyed.sort(function (a, b) {
      // What has no value comes last.
      if (!a.key !== !b.key) { return a.key ? -1 : 1; }
      return (ascending ? 1 : -1) * collator.compare(a.key, b.key) || a.at - b.at;
    });
    Array.from(table.tHead.rows[0].cells, function (one) { one.removeAttribute('aria-sort'); });
    head.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
    var all = document.createDocumentFragment();
    keyed.forEach(function (one) { all.appendChild(one.row); });
    body.appendChild(all);
  }

  document.querySelectorAll('table[data-sortable]').forEach(function (table) {
    Array.from(table.tHead.rows[0].cells, function (head, column) {
      var button = document.createElement('button');
      button.type = 'button';
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener('click', function () { sort(table, head, column); });
    });
  });

  document.querySelectorAll('form[data-filter]').forEach(function (form) {
    var body = document.getElementById(form.getAttribute('data-filter')).tBodies[0];
    var rows = Array.from(body.rows), texts = null;
    var output = form.querySelector('output');

    function apply() {
      var words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      var state = form.elements.state.value, shown = 0;
      if (!texts) { texts = rows.map(function (row) { return row.textContent.toLowerCase(); }); }
      rows.forEach(function (row, at) {
        var show = (!state || row.getAttribute('data-state') === state) &&
          words.every(function (word) { return texts[at].indexOf(word) >= 0; });
        row.hidden = !show;
        if (show) { shown++; }
      });
      output.textContent = shown + ' of ' + rows.length + ' shown';
    }

    var waiting = 0;
    form.addEventListener('input', function () { clearTimeout(waiting); waiting = setTimeout(apply, 80); });
    form.addEventListener('reset', function () { setTimeout(apply, 0); });
    form.addEventListener('submit', function (event) { event.preventDefault(); });
    form.hidden = false;
    output.textContent = rows.length + ' of ' + rows.length + ' shown';
  });

  // What is folded is printed too.
  var opened = [];
  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('details:not([open])').forEach(function (one) { one.open = true; opened.push(one); });
  });
  window.addEventListener('afterprint', function () {
    opened.forEach(function (one) { one.open = false; });
    opened = [];
  });
})();
