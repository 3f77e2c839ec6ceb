{{- /* The image of the manager. A digest stands alone unless a tag is set, too. */ -}}
{{- define "karmada-image-trust.image" -}}
{{- $tag := .Values.image.tag -}}
{{- if not (or $tag .Values.image.digest) }}{{ $tag = .Chart.AppVersion }}{{ end -}}
{{- .Values.image.repository }}{{ with $tag }}:{{ . }}{{ end }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- /* What Helm adds to the labels of config/. */ -}}
{{- define "karmada-image-trust.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}

{{- /* Values that are good each, but not together. */ -}}
{{- define "karmada-image-trust.validate" -}}
{{- if and .Values.trustedRoot.configMap (or .Values.tuf.mirror .Values.tuf.root.configMap) }}
{{- fail "trustedRoot.configMap and tuf name two default roots of trust: drop one" }}
{{- end }}
{{- if and .Values.tuf.root.configMap (not .Values.tuf.mirror) }}
{{- fail "tuf.root.configMap is the initial root of tuf.mirror: set that too" }}
{{- end }}
{{- if and .Values.credentialProviders.image (not .Values.credentialProviders.providers) }}
{{- fail "credentialProviders.image has programs that nothing runs: set credentialProviders.providers too" }}
{{- end }}
{{- end }}
