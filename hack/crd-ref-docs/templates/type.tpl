{{- define "type" }}
{{- $type := . }}
{{- if markdownShouldRenderType $type }}

### {{ $type.Name }}

{{ $type.Doc }}
{{ if $type.SortedReferences }}
Used by:{{ range $i, $reference := $type.SortedReferences }}{{ if $i }},{{ end }} {{ markdownRenderTypeLink $reference }}{{ end }}.
{{ end }}
{{- if $type.EnumValues }}
| Value | Meaning |
| --- | --- |
{{ range $type.EnumValues -}}
| `{{ .Name }}` | {{ template "cell" (regexReplaceAll "^\\w+ (means that )?" .Doc "") }} |
{{ end -}}
{{ else if $type.Validation }}
{{ template "limits" (dict "values" $type.Validation "separator" "; ") }}
{{ end }}
{{- if $type.Members }}
| Field | Description | Limits |
| --- | --- | --- |
{{ if $type.GVK -}}
| `apiVersion` | `{{ $type.GVK.Group }}/{{ $type.GVK.Version }}` | |
| `kind` | `{{ $type.GVK.Kind }}` | |
{{ end -}}
{{ range $type.Members -}}
| `{{ .Name }}`<br>_{{ markdownRenderType .Type }}_ | {{ template "cell" .Doc }} | {{ template "limits" (dict "values" .Validation "separator" "<br>") }}{{ with .Default }}<br>Default: `{{ trimAll "{}\"" . }}`{{ end }} |
{{ end -}}
{{ end }}
{{- end -}}
{{- end -}}

{{- define "cell" -}}
{{ . | replace "\\" "\\\\" | replace "|" "\\|" | replace "*" "\\*" | replace "<" "&lt;" | replace "\n" " " | trim }}
{{- end -}}

{{- define "limits" -}}
{{- $separator := .separator -}}
{{- range $i, $value := without .values "Type: string" -}}
{{ if $i }}{{ $separator }}{{ end }}{{ $value | replace ": {}" "" | replace "|" "\\|" | replace "<" "&lt;" }}
{{- end -}}
{{- end -}}
