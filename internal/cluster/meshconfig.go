// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/mesh"
)

// sharedEnv names a ConfigMap that istiod takes its mesh configuration from before
// its own (pilot/pkg/bootstrap/mesh.go @1.31.0).
const sharedEnv = "SHARED_MESH_CONFIG"

// readMesh reads a control plane's mesh configuration, by the name of its ConfigMap:
// one that the chart did not make (configMap: false) bears no label.
func (c *Cluster) readMesh(ctx context.Context, s *mesh.ControlPlane, shared string) error {
	normal := renamed(s.Revision, "")
	own, err := c.namedData(ctx, revisioned("istio", s.Revision))
	if err != nil {
		return err
	}
	var common map[string]string
	if shared != "" {
		if common, err = c.namedData(ctx, shared); err != nil {
			return err
		}
		for _, x := range meshSettings(common, normal) {
			s.Settings = append(s.Settings, mesh.Setting{Group: x.Group, Key: sharedEnv + ": " + x.Key, Value: x.Value})
		}
	}
	s.Settings = append(s.Settings, meshSettings(own, normal)...)
	below, above := discovered(common["mesh"]), discovered(own["mesh"])
	if own == nil && common == nil || errors.Join(below.err, above.err) != nil {
		return nil
	}
	s.TrustDomain = cmp.Or(above.TrustDomain, below.TrustDomain, "cluster.local")
	if above.Selectors == nil {
		above.Selectors = below.Selectors
	}
	for i := range above.Selectors {
		s.Discovery = append(s.Discovery, selectorOf(&above.Selectors[i]))
	}
	return nil
}

// namedData is what a ConfigMap of the root namespace holds; nil where there is
// none. It is listed, since that is what may be done.
func (c *Cluster) namedData(ctx context.Context, name string) (map[string]string, error) {
	var data map[string]string
	named := metav1.ListOptions{FieldSelector: metav1.ObjectNameField + "=" + name}
	err := pages(ctx, named, c.core.ConfigMaps(c.Root).List, func(page *corev1.ConfigMapList) {
		for i := range page.Items {
			if data = page.Items[i].Data; data == nil {
				data = map[string]string{}
			}
		}
	})
	return data, reading("ConfigMap "+c.Root+"/"+name, err)
}

func meshSettings(data map[string]string, normal func(string) string) []mesh.Setting {
	return append(flatText(mesh.MeshConfig, data["mesh"], normal), flatText(mesh.MeshConfig, data["meshNetworks"], normal)...)
}

// membership is what of a mesh configuration decides who is part of the mesh.
type membership struct {
	TrustDomain string                 `json:"trustDomain"`
	Selectors   []metav1.LabelSelector `json:"discoverySelectors"`
	err         error
}

func discovered(text string) membership {
	var m membership
	m.err = yaml.Unmarshal([]byte(text), &m)
	return m
}
