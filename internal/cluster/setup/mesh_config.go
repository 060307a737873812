// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"cmp"
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
)

// sharedEnv names a ConfigMap with mesh configuration that istiod reads before its
// own (pilot/pkg/bootstrap/mesh.go @1.31.0).
const sharedEnv = "SHARED_MESH_CONFIG"

// readMeshConfig reads the mesh configuration of a control plane by the name of its
// ConfigMap: one that the chart did not create (configMap: false) has no label.
func (r *Reader) readMeshConfig(ctx context.Context, s *mesh.ControlPlane, shared string) error {
	own, err := r.configMap(ctx, istio.Revisioned("istio", s.Revision))
	if err != nil {
		return err
	}
	var common map[string]string
	if shared != "" {
		if common, err = r.configMap(ctx, shared); err != nil {
			return err
		}
	}
	setMeshConfig(s, own, common)
	return nil
}

// setMeshConfig sets what a control plane has from its own and from its shared
// ConfigMap with mesh configuration, each nil for none.
func setMeshConfig(s *mesh.ControlPlane, own, common map[string]string) {
	normal := normalizer(s.Revision, "")
	if common != nil {
		for _, x := range meshSettings(common, normal) {
			s.Settings = append(s.Settings, mesh.Setting{Group: x.Group, Key: sharedEnv + ": " + x.Key, Value: x.Value})
		}
	}
	s.Settings = append(s.Settings, meshSettings(own, normal)...)
	below, above := membershipIn(common["mesh"]), membershipIn(own["mesh"])
	if own == nil && common == nil || errors.Join(below.err, above.err) != nil {
		return
	}
	s.TrustDomain = cmp.Or(above.TrustDomain, below.TrustDomain, "cluster.local")
	s.Hosts = append(s.Hosts, discoveryHosts(above.Proxies, below.Proxies)...)
	s.Proxies = above.Proxies.settings().Over(below.Proxies.settings())
	if above.Selectors == nil {
		above.Selectors = below.Selectors
	}
	for i := range above.Selectors {
		s.Discovery = append(s.Discovery, client.Selector(&above.Selectors[i]))
	}
}

// configMap returns the data of a ConfigMap in the root namespace, nil if there is
// none. It lists, since that is permitted.
func (r *Reader) configMap(ctx context.Context, name string) (map[string]string, error) {
	var data map[string]string
	err := client.List(ctx, client.Named(name), r.api.CoreV1().ConfigMaps(r.root).List, func() { data = nil },
		func(page *corev1.ConfigMapList) {
			for i := range page.Items {
				if data = page.Items[i].Data; data == nil {
					data = map[string]string{}
				}
			}
		})
	return data, client.ReadError("ConfigMap "+r.root+"/"+name, err)
}

func meshSettings(data map[string]string, normal func(string) string) []mesh.Setting {
	return append(flattenText(mesh.MeshConfig, data["mesh"], normal), flattenText(mesh.MeshConfig, data["meshNetworks"], normal)...)
}

// membership is the part of a mesh configuration that decides what is part of the mesh.
type membership struct {
	TrustDomain string                 `json:"trustDomain"`
	Selectors   []metav1.LabelSelector `json:"discoverySelectors"`
	Proxies     proxyConfig            `json:"defaultConfig"`
	err         error
}

func membershipIn(text string) membership {
	var m membership
	m.err = yaml.Unmarshal([]byte(text), &m)
	return m
}
