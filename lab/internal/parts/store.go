// SPDX-License-Identifier: Apache-2.0

// Package parts gets what a lab is made of: each part is built from a module in
// lab/modules, or downloaded from a package registry by its ordinary client, and
// kept in the cache.
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

// Store gets parts. One method is one part; each returns a path in the cache.
type Store struct {
	Cache cache.Cache
	// Source is the lab's folder in the source tree, the one with modules/ in it.
	Source string
	// Say is told what is about to be done to the host.
	Log io.Writer
}

// FindSource finds the lab's source tree: $RERIG_LAB, or lab/ in a folder above the
// working directory or above the running program.
func FindSource() (string, error) {
	if s := os.Getenv("RERIG_LAB"); s != "" {
		return filepath.Abs(s)
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
			for _, s := range []string{dir, filepath.Join(dir, "lab")} {
				if _, err := os.Stat(filepath.Join(s, "modules", "kube", "go.mod")); err == nil {
					return s, nil
				}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", fmt.Errorf("find the lab's source: no folder above %v has lab/modules in it; run it inside the checkout, or set RERIG_LAB", startDirs)
}

// Names are all the parts that Part knows.
func Names() []string {
	names := []string{"kube", "kubectl", "coredns", "kwok", "shop", "rootfs", "shop-image", "argo-rollouts"}
	for _, v := range IstioVersions {
		names = append(names, "istio-"+v, "istiod-"+v, "istioctl-"+v, "pilot-agent-"+v, "envoy-"+v, "images-"+v, "charts-"+v)
	}
	slices.Sort(names)
	return names
}

// Path returns where the part of this name is, built or downloaded when it was not there yet.
func (s Store) Path(ctx context.Context, name string) (string, error) {
	if get := s.getter(name); get != nil {
		return get(ctx)
	}
	for _, v := range IstioVersions {
		what, ok := strings.CutSuffix(name, "-"+v)
		switch {
		case !ok:
		case what == "envoy":
			return s.Envoy(ctx, EnvoyVersions[v])
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

func (s Store) getter(name string) func(context.Context) (string, error) {
	return map[string]func(context.Context) (string, error){
		"kube": s.Kube, "kubectl": s.Kubectl, "coredns": s.CoreDNS, "kwok": s.Kwok, "shop": s.Shop,
		"rootfs": s.Rootfs, "shop-image": s.ShopImage, "argo-rollouts": s.ArgoRollouts,
	}[name]
}
