// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"path/filepath"
	"strings"
)

// KubeVersion is the Kubernetes of the lab; it must be the one in modules/kube/go.mod.
const KubeVersion = "v1.34.4"

// Kube returns the binary that is etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler, kubelet, kube-proxy and kubectl, by its first argument or by the name it is called.
func (s Store) Kube(ctx context.Context) (string, error) {
	dir, err := s.kubePart(ctx)
	return filepath.Join(dir, "kube"), err
}

// Kubectl returns the same binary under the name kubectl.
func (s Store) Kubectl(ctx context.Context) (string, error) {
	dir, err := s.kubePart(ctx)
	return filepath.Join(dir, "kubectl"), err
}

func (s Store) kubePart(ctx context.Context) (string, error) {
	v := strings.Split(strings.TrimPrefix(KubeVersion, "v"), ".")
	const p = "k8s.io/component-base/version"
	// Istio makes its sidecars native by the version that the kubelet tells.
	ld := "-s -w -X " + p + ".gitVersion=" + KubeVersion + " -X " + p + ".gitMajor=" + v[0] + " -X " + p + ".gitMinor=" + v[1]
	return s.goPart(ctx, goModule{
		name: "kube", dir: "modules/kube",
		programs: []program{{name: "kube", pkg: ".", ldflags: ld}},
		links:    map[string]string{"kubectl": "kube"},
	})
}
