{{- define "gvDetails" }}
{{- $gv := . }}
## {{ $gv.GroupVersionString }}

{{ trim $gv.Doc }}
{{- range $gv.SortedKinds }}{{ template "type" ($gv.TypeForKind .) }}{{ end -}}
{{- range $gv.SortedTypes }}{{ if not .GVK }}{{ template "type" . }}{{ end }}{{ end -}}
{{- end -}}
