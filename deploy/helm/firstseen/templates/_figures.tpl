{{/* Made by deploy/helm/generate.py of daemon/plan/figures.h and config/firstseen.schema.json. */}}
{{- define "firstseen.figures" -}}
{
  "disk_bytes_per_key": 20.1,
  "index_bytes_per_key_growing": 18.8,
  "most_beside_index_bytes": 203423744.0,
  "large_index": 8000000.0,
  "small_index_bytes": 9000000.0,
  "default_prefetch_bytes": "64MiB",
  "default_max_size": "64GiB"
}
{{- end }}
