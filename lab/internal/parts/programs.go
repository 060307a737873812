// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"path/filepath"
	"strings"
)

// KubeVersion is the Kubernetes version of the lab. It must equal the one in modules/kube/go.mod.
const KubeVersion = "v1.34.4"

// Kube returns the binary that contains etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler, kubelet, kube-proxy and kubectl. Its name or first argument selects the program.
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
	// Istio decides by the kubelet's version whether sidecars are native.
	ld := "-s -w -X " + p + ".gitVersion=" + KubeVersion + " -X " + p + ".gitMajor=" + v[0] + " -X " + p + ".gitMinor=" + v[1]
	return s.goModule(ctx, goModulePart{
		name: "kube", dir: "modules/kube",
		programs: []program{{name: "kube", pkg: ".", ldflags: ld}},
		links:    map[string]string{"kubectl": "kube"},
	})
}

// CoreDNS returns the binary of CoreDNS.
func (s Store) CoreDNS(ctx context.Context) (string, error) {
	dir, err := s.goModule(ctx, goModulePart{
		name: "coredns", dir: "modules/coredns",
		programs: []program{{name: "coredns", pkg: "github.com/coredns/coredns", ldflags: "-s -w"}},
	})
	return filepath.Join(dir, "coredns"), err
}

// Kwok returns a directory with the binary kwok and with kustomize/ of its module: stages and CRDs.
func (s Store) Kwok(ctx context.Context) (string, error) {
	return s.goModule(ctx, goModulePart{
		name: "kwok", dir: "modules/kwok",
		programs: []program{{name: "kwok", pkg: "sigs.k8s.io/kwok/cmd/kwok", ldflags: "-s -w"}},
		copies:   map[string][]string{"sigs.k8s.io/kwok": {"kustomize"}},
	})
}

// ArgoRollouts returns a directory with the binary rollouts-controller and with crds/ of its
// module.
func (s Store) ArgoRollouts(ctx context.Context) (string, error) {
	return s.goModule(ctx, goModulePart{
		name: "argo-rollouts", dir: "modules/argo-rollouts",
		programs: []program{{name: "rollouts-controller", pkg: "github.com/argoproj/argo-rollouts/cmd/rollouts-controller", ldflags: "-s -w"}},
		copies:   map[string][]string{"github.com/argoproj/argo-rollouts": {"manifests/crds"}},
	})
}

// Shop returns the binary of the shop and its load generator.
func (s Store) Shop(ctx context.Context) (string, error) {
	dir, err := s.goModule(ctx, goModulePart{
		name: "shop", dir: "shop",
		programs: []program{{name: "shop", pkg: ".", ldflags: "-s -w"}},
	})
	return filepath.Join(dir, "shop"), err
}
