{{- define "gvList" -}}
# API reference

This page is generated from `api/` by `make docs`; do not edit it.
{{ range . }}{{ template "gvDetails" . }}{{ end -}}
{{- end -}}
