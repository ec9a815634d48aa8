{{- /* Acknowledged is what is on the disks of most: sync_interval always. */ -}}
{{- define "tavola.natsConfig" -}}
{{- $name := printf "%s-nats" (include "tavola.fullname" .) -}}
server_name: $POD_NAME
server_tags: [$ZONE_TAG]
listen: 0.0.0.0:4222
http: 0.0.0.0:8222
# An entry of one transaction is a bit over 4 MB.
max_payload: 16MB
ping_interval: "5s"
lame_duck_duration: "30s"
lame_duck_grace_period: "5s"
jetstream {
  store_dir: /data
  sync_interval: always
  {{- if .Values.nats.uniqueZones }}
  unique_tag: "az:"
  {{- end }}
  max_memory_store: 256MB
  max_file_store: {{ .Values.nats.size | trimSuffix "i" }}B
}
cluster {
  name: {{ $name }}
  listen: 0.0.0.0:6222
  pool_size: 3
  routes: [
    {{- range $i := until 3 }}
    nats://{{ $name }}-{{ $i }}.{{ $name }}.{{ $.Release.Namespace }}.svc:6222
    {{- end }}
  ]
}
{{- end }}
