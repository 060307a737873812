// SPDX-License-Identifier: Apache-2.0

// Package parts provides what a lab consists of. Each part is built from a module in lab/modules or
// downloaded with a package registry's own client, and stored in the cache.
package parts

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rerig/rerig/lab/internal/cache"
)

// Store builds or downloads parts. Each method returns the path of one part in the cache.
type Store struct {
	Cache cache.Cache
	// Source is the lab's directory in the source tree, which contains modules/.
	Source string
	// Log receives a line before the host is changed.
	Log io.Writer
}

// FindSource returns the lab's source tree: $RERIG_LAB, or lab/ in a directory above the working
// directory or above the running program.
func FindSource() (string, error) {
	if candidate := os.Getenv("RERIG_LAB"); candidate != "" {
		return filepath.Abs(candidate)
	}
	var startDirs []string
	if wd, err := os.Getwd(); err == nil {
		startDirs = append(startDirs, wd)
	}
	if exe, err := os.Executable(); err == nil {
		startDirs = append(startDirs, filepath.Dir(exe))
	}
	for _, dir := range startDirs {
		for ; ; dir = filepath.Dir(dir) {
			for _, candidate := range []string{dir, filepath.Join(dir, "lab")} {
				if _, err := os.Stat(filepath.Join(candidate, "modules", "kube", "go.mod")); err == nil {
					return candidate, nil
				}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", fmt.Errorf("find the lab's source: no directory above %v contains lab/modules; run lab inside the checkout, or set RERIG_LAB",
		startDirs)
}

// Names returns the names of all parts.
func Names() []string {
	names := []string{"kube", "kubectl", "coredns", "kwok", "shop", "rootfs", "shop-image", "argo-rollouts", "gateway-api"}
	for _, v := range IstioVersions {
		names = append(names, "istio-"+v, "istiod-"+v, "istioctl-"+v, "pilot-agent-"+v, "envoy-"+v, "images-"+v, "charts-"+v)
	}
	slices.Sort(names)
	return names
}

// Path returns the path of the named part. A missing part is built or downloaded first.
func (s Store) Path(ctx context.Context, name string) (string, error) {
	if get := s.getter(name); get != nil {
		return get(ctx)
	}
	for _, v := range IstioVersions {
		kind, ok := strings.CutSuffix(name, "-"+v)
		switch {
		case !ok:
		case kind == "envoy":
			return s.Envoy(ctx, EnvoyVersions[v])
		case kind == "images":
			return s.Images(ctx, v)
		case kind == "charts":
			return s.Charts(ctx, v)
		case kind == "istio":
			return s.Istio(ctx, v)
		case slices.Contains([]string{"istiod", "istioctl", "pilot-agent"}, kind):
			dir, err := s.Istio(ctx, v)
			return dir + "/" + kind, err
		}
	}
	return "", fmt.Errorf("unknown part %q; the parts are %s", name, strings.Join(Names(), ", "))
}

func (s Store) getter(name string) func(context.Context) (string, error) {
	return map[string]func(context.Context) (string, error){
		"kube": s.Kube, "kubectl": s.Kubectl, "coredns": s.CoreDNS, "kwok": s.Kwok, "shop": s.Shop,
		"rootfs": s.Rootfs, "shop-image": s.ShopImage, "argo-rollouts": s.ArgoRollouts, "gateway-api": s.GatewayAPI,
	}[name]
}
