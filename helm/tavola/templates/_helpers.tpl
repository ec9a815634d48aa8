{{- define "tavola.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- /* Takes (list . "component"). */ -}}
{{- define "tavola.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: tavola
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "tavola.labels" -}}
{{- $root := index . 0 -}}
{{ include "tavola.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{- /* name, namespace and labels of an object: (list . "component" "name") */ -}}
{{- define "tavola.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 2 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "tavola.labels" . | nindent 2 }}
{{- end }}

{{- define "tavola.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* `pods`, as they are for a component: (list . "component") */ -}}
{{- define "tavola.pods" -}}
{{- $root := index . 0 -}}
{{- $values := index $root.Values (index . 1) | default dict -}}
{{- $own := $values.pods | default dict | deepCopy -}}
{{- range $name, $value := $root.Values.pods }}
{{- if not (hasKey $own $name) }}{{ $_ := set $own $name $value }}{{ end }}
{{- end }}
{{- toJson $own }}
{{- end }}

{{- /* The head of a pod's template: (list . "component" extraAnnotations) */ -}}
{{- define "tavola.podMetadata" -}}
{{- $pods := include "tavola.pods" . | fromJson -}}
{{- $annotations := merge (dict) (index . 2) ($pods.annotations | default dict) -}}
labels:
  {{- include "tavola.selector" . | nindent 2 }}
  {{- with $pods.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "tavola.pullSecrets" -}}
{{- $secrets := list -}}
{{- range .Values.image.pullSecrets }}{{ $secrets = append $secrets (dict "name" .) }}{{ end -}}
{{- toJson $secrets }}
{{- end }}

{{- /* What all pods' specs have: (list . "component" uid) */ -}}
{{- define "tavola.podSpec" -}}
{{- $root := index . 0 -}}
{{- $uid := index . 2 -}}
{{- $pods := include "tavola.pods" . | fromJson -}}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $uid }}
  runAsGroup: {{ $uid }}
  fsGroup: {{ $uid }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- if $root.Values.image.pullSecrets }}
imagePullSecrets: {{ include "tavola.pullSecrets" $root }}
{{- end }}
{{- range $name := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $pods $name }}
{{ $name }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- /* What the operator gives storage pods, as JSON that Kubernetes finds no variables in. */ -}}
{{- define "tavola.storagePods" -}}
{{- $told := dict "resources" .Values.storage.resources -}}
{{- if .Values.image.pullSecrets }}{{ $_ := set $told "imagePullSecrets" (include "tavola.pullSecrets" . | fromJsonArray) }}{{ end -}}
{{- range $name, $value := include "tavola.pods" (list . "storage") | fromJson }}
{{- with $value }}{{ $_ := set $told $name . }}{{ end }}
{{- end -}}
{{- toJson $told | replace "$(" "$$(" }}
{{- end }}

{{- define "tavola.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- /* Over zones, and then over nodes: (list . "component" "DoNotSchedule") */ -}}
{{- define "tavola.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: {{ index . 2 }}
    labelSelector: &selector
      matchLabels:
        {{- include "tavola.selector" . | nindent 8 }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: *selector
{{- end }}

{{- /* (list . "component" "name") */ -}}
{{- define "tavola.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "tavola.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "tavola.selector" . | nindent 6 }}
{{- end }}

{{- /* A StatefulSet's claims: (list . "component" values) */ -}}
{{- define "tavola.claims" -}}
{{- $values := index . 2 -}}
persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Retain }
volumeClaimTemplates:
  - metadata:
      name: data
      labels:
        {{- include "tavola.selector" . | nindent 8 }}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with $values.storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests:
          storage: {{ $values.size }}
{{- end }}

{{- define "tavola.etcdUrls" -}}
{{- $name := printf "%s-etcd" (include "tavola.fullname" .) -}}
{{- $urls := .Values.etcd.endpoints -}}
{{- if .Values.etcd.enabled -}}
{{- $urls = list -}}
{{- range $i := until 3 }}{{ $urls = append $urls (printf "http://%s-%d.%s.%s.svc:2379" $name $i $name $.Release.Namespace) }}{{ end -}}
{{- end -}}
{{- join "," $urls -}}
{{- end }}

{{- define "tavola.natsUrls" -}}
{{- $name := printf "%s-nats" (include "tavola.fullname" .) -}}
{{- $urls := .Values.nats.urls -}}
{{- if .Values.nats.enabled -}}
{{- $urls = list -}}
{{- range $i := until 3 }}{{ $urls = append $urls (printf "nats://%s-%d.%s.%s.svc:4222" $name $i $name $.Release.Namespace) }}{{ end -}}
{{- end -}}
{{- join "," $urls -}}
{{- end }}

{{- /* The environment of all of Tavola's processes. */ -}}
{{- define "tavola.environment" -}}
- name: TAVOLA_ZONE
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['topology.kubernetes.io/zone']" } }
- { name: TAVOLA_HOST, value: 0.0.0.0 }
- { name: TAVOLA_ETCD, value: {{ include "tavola.etcdUrls" . | quote }} }
- { name: TAVOLA_PREFIX, value: {{ .Values.prefix | quote }} }
- { name: TAVOLA_REGION, value: {{ .Values.region | quote }} }
- { name: TAVOLA_LOG_LEVEL, value: {{ .Values.logLevel | quote }} }
{{- if .Values.tls.existingSecret }}
- { name: TAVOLA_TLS_CA, value: /tls/ca.crt }
- { name: TAVOLA_TLS_CERT, value: /tls/tls.crt }
- { name: TAVOLA_TLS_KEY, value: /tls/tls.key }
{{- end }}
{{- end }}

{{- define "tavola.mounts" -}}
- { name: tmp, mountPath: /tmp }
{{- if .Values.tls.existingSecret }}
- { name: tls, mountPath: /tls, readOnly: true }
{{- end }}
{{- end }}

{{- define "tavola.volumes" -}}
- { name: tmp, emptyDir: {} }
{{- with .Values.tls.existingSecret }}
- { name: tls, secret: { secretName: {{ . }} } }
{{- end }}
{{- end }}

{{- define "tavola.probes" -}}
# Files that are read at the start can be many.
startupProbe: { httpGet: { path: /healthz, port: {{ . }} }, periodSeconds: 2, failureThreshold: 150, timeoutSeconds: 5 }
livenessProbe: { httpGet: { path: /healthz, port: {{ . }} }, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 }
readinessProbe: { httpGet: { path: /readyz, port: {{ . }} }, periodSeconds: 3, failureThreshold: 2, timeoutSeconds: 5 }
{{- end }}
