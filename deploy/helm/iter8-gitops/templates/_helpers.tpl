{{- define "iter8-gitops.fullname" -}}
{{- if contains "iter8-gitops" .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-iter8-gitops" (.Release.Name | trunc 39 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- /* Names without a namespace must not meet those of a release of the same name in another namespace. */ -}}
{{- define "iter8-gitops.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "iter8-gitops.fullname" .) -}}
{{- end -}}

{{- define "iter8-gitops.selectorLabels" -}}
app.kubernetes.io/name: iter8-gitops
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "iter8-gitops.labels" -}}
{{ include "iter8-gitops.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "iter8-gitops.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- /* The password is a file, so it is neither in the manifest nor in the environment. */ -}}
{{- define "iter8-gitops.metricsStoreEnv" -}}
{{- with .Values.metricsStore -}}
{{- $url := .url -}}
{{- if and .secretName .passwordKey -}}
{{- $url = printf "%s%spassword_file=/etc/iter8-gitops/metrics-store/%s" .url (ternary "&" "?" (contains "?" .url)) .passwordKey -}}
{{- end -}}
- name: ITER8_METRICS_STORE
  value: {{ $url | quote }}
{{- end -}}
{{- end -}}

{{- define "iter8-gitops.metricsStoreMount" -}}
- name: metrics-store
  mountPath: /etc/iter8-gitops/metrics-store
  readOnly: true
{{- end -}}

{{- define "iter8-gitops.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "iter8-gitops.rules" -}}
# Resources that routemaps name. `patch` puts and removes the finalizer iter8.tools/finalizer, nothing else.
# Pods and Secrets are granted by `rbac` in the values alone.
- apiGroups: [""]
  resources: [services, persistentvolumeclaims]
  verbs: [get, list, watch, patch]
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get, list, watch, patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, patch]
- apiGroups: [serving.kserve.io]
  resources: [inferenceservices]
  verbs: [get, list, watch, patch]
- apiGroups: [serving.knative.dev]
  resources: [services]
  verbs: [get, list, watch, patch]
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, watch, patch]
# Kinds that routing templates render. Server-side apply is `patch`, and `create` where there is no object yet.
- apiGroups: [networking.istio.io]
  resources: [virtualservices]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, list, watch, create, patch, delete]
# Routemaps, resources and routes all can be ConfigMaps.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch{{ if .Values.writeConfigMaps }}, create, patch, delete{{ end }}]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- range $resource := list "pods" "secrets" }}
{{- if index $.Values.rbac $resource }}
- apiGroups: [""]
  resources: [{{ $resource }}]
  verbs: [get, list, watch, patch]
{{- end }}
{{- end }}
{{- range $name, $type := .Values.config.resourceTypes }}
# The configured short name {{ $name }}.
- apiGroups: [{{ $type.Group | default "" | quote }}]
  resources: [{{ $type.Resource | quote }}]
  verbs: [get, list, watch, patch]
{{- end }}
{{- range .Values.extraResources }}
- apiGroups: [{{ .group | default "" | quote }}]
  resources: {{ toJson .resources }}
  verbs: [get, list, watch, patch{{ if .routes }}, create, delete{{ end }}]
{{- end }}
{{- end -}}
