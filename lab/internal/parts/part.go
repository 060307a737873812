// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Names are all the parts that Part knows.
func Names() []string {
	names := []string{"kube", "kubectl", "coredns", "kwok", "shop", "rootfs", "shop-image", "argo-rollouts"}
	for _, v := range IstioVersions {
		names = append(names, "istio-"+v, "istiod-"+v, "istioctl-"+v, "pilot-agent-"+v, "envoy-"+v, "images-"+v, "charts-"+v)
	}
	slices.Sort(names)
	return names
}

// Part returns where the part of this name is, built or downloaded when it was not there yet.
func (s Store) Part(ctx context.Context, name string) (string, error) {
	if get := s.single(name); get != nil {
		return get(ctx)
	}
	for _, v := range IstioVersions {
		what, ok := strings.CutSuffix(name, "-"+v)
		switch {
		case !ok:
		case what == "envoy":
			return s.Envoy(ctx, EnvoyFor[v])
		case what == "images":
			return s.Images(ctx, v)
		case what == "charts":
			return s.Charts(ctx, v)
		case what == "istio":
			return s.Istio(ctx, v)
		case slices.Contains([]string{"istiod", "istioctl", "pilot-agent"}, what):
			dir, err := s.Istio(ctx, v)
			return dir + "/" + what, err
		}
	}
	return "", fmt.Errorf("find part %q: it is none of %s", name, strings.Join(Names(), ", "))
}

func (s Store) single(name string) func(context.Context) (string, error) {
	return map[string]func(context.Context) (string, error){
		"kube": s.Kube, "kubectl": s.Kubectl, "coredns": s.CoreDNS, "kwok": s.Kwok, "shop": s.Shop,
		"rootfs": s.Rootfs, "shop-image": s.ShopImage, "argo-rollouts": s.ArgoRollouts,
	}[name]
}
