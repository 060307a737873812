// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/lab/internal/hollow/podview"
)

// proxyConfig merges Istio's defaults, the mesh file, PROXY_CONFIG of the injection, and the pod's
// annotation. Later sources override earlier ones (Istio 1.29.1 pilot/cmd/pilot-agent/config).
func proxyConfig(pod *corev1.Pod, env podview.Vars, mesh string) (map[string]any, error) {
	var file struct {
		DefaultConfig map[string]any `json:"defaultConfig"`
	}
	if err := yaml.Unmarshal([]byte(mesh), &file); err != nil {
		return nil, fmt.Errorf("parse the mesh configuration: %w", err)
	}
	config := map[string]any{
		"binaryPath":               "/usr/local/bin/envoy",
		"configPath":               "./etc/istio/proxy",
		"controlPlaneAuthPolicy":   "MUTUAL_TLS",
		"discoveryAddress":         "istiod.istio-system.svc:15012",
		"drainDuration":            "45s",
		"proxyAdminPort":           15000,
		"serviceCluster":           "istio-proxy",
		"statNameLength":           189,
		"statusPort":               15020,
		"terminationDrainDuration": "5s",
	}
	maps.Copy(config, file.DefaultConfig)
	for _, over := range []string{env.Get("PROXY_CONFIG"), pod.Annotations["proxy.istio.io/config"]} {
		var set map[string]any
		if err := yaml.Unmarshal([]byte(over), &set); err != nil {
			return nil, err
		}
		maps.Copy(config, set)
	}
	if s, ok := config["discoveryAddress"].(string); !ok || s == "" {
		return nil, fmt.Errorf("discoveryAddress is %v, not an address", config["discoveryAddress"])
	}
	return config, nil
}

// nodeMetadata returns the node metadata as Istio 1.29.1 pkg/bootstrap/config.go GetNodeMetaData
// does: ISTIO_META_ variables under their names, ISTIO_METAJSON_ variables as objects, and values
// of the downward API.
func nodeMetadata(pod *corev1.Pod, c *corev1.Container, env podview.Vars, config map[string]any) (map[string]any, error) {
	m := map[string]any{"ISTIO_VERSION": imageVersion(c.Image)}
	if set, ok := config["proxyMetadata"].(map[string]any); ok {
		for k, v := range set {
			if name, ok := strings.CutPrefix(k, "ISTIO_META_"); ok {
				m[name] = v
			}
		}
	}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if key, ok := strings.CutPrefix(name, "ISTIO_META_"); ok {
			m[key] = value
		} else if strings.HasPrefix(name, "ISTIO_METAJSON_") {
			if err := json.Unmarshal([]byte(value), &m); err != nil {
				return nil, fmt.Errorf("parse %s: %w", name, err)
			}
		}
	}
	m["NAME"], m["NAMESPACE"], m["SERVICE_ACCOUNT"] = pod.Name, pod.Namespace, pod.Spec.ServiceAccountName
	m["INSTANCE_IPS"] = pod.Status.PodIP
	m["LABELS"], m["ANNOTATIONS"] = podLabels(pod.Labels), toAnyMap(pod.Annotations)
	m["PROXY_CONFIG"] = config
	m["ENVOY_STATUS_PORT"], m["ENVOY_PROMETHEUS_PORT"] = 15021, 15090
	if host, _, err := net.SplitHostPort(config["discoveryAddress"].(string)); err == nil {
		m["PILOT_SAN"] = []any{host}
	}
	return m, nil
}

// podLabels returns the pod's labels without pod-template-hash.
func podLabels(labels map[string]string) map[string]any {
	out := toAnyMap(labels)
	delete(out, "pod-template-hash")
	return out
}

func toAnyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
