// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/rerig/rerig/lab/internal/image"
)

// imageExcludes are large files of the node's root file system that containers do not need.
var imageExcludes = []string{
	"usr/bin/containerd", "usr/bin/containerd-shim", "usr/bin/containerd-shim-runc-v1", "usr/bin/containerd-shim-runc-v2",
	"usr/bin/containerd-stress", "usr/bin/ctr", "usr/sbin/runc", "usr/bin/prometheus", "usr/bin/promtool", "usr/lib/cni",
	"usr/share/javascript", "usr/share/nodejs", "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/prometheus",
	"usr/share/zoneinfo", "usr/share/perl",
	"var/cache", "var/lib/apt", "var/lib/dpkg", "var/lib/prometheus",
}

// istioUser is the user of Istio's images. Istio does not redirect its traffic.
const istioUser = "1337:1337"

// Images returns the archive of one Istio version's images. The archive of the oldest version also
// contains the cluster's own images.
func (s Store) Images(ctx context.Context, version string) (string, error) {
	all, err := s.istioImages(ctx, version)
	if err != nil {
		return "", err
	}
	if version == IstioVersions[0] {
		coredns, err := s.CoreDNS(ctx)
		if err != nil {
			return "", err
		}
		all = append(all,
			image.Image{Name: Hub + "/pause:1", Entrypoint: []string{"/bin/sleep", "infinity"}},
			image.Image{
				Name: Hub + "/coredns:1", Entrypoint: []string{"/usr/local/bin/coredns"},
				Files: map[string]string{"/usr/local/bin/coredns": coredns},
			},
		)
	}
	return s.imageArchive(ctx, "images-"+version, all)
}

// ShopImage returns an archive with the shop's image.
func (s Store) ShopImage(ctx context.Context) (string, error) {
	shop, err := s.Shop(ctx)
	if err != nil {
		return "", err
	}
	return s.imageArchive(ctx, "shop-image", []image.Image{{
		Name: Hub + "/shop:1", Entrypoint: []string{"/usr/local/bin/shop"}, Files: map[string]string{"/usr/local/bin/shop": shop},
	}})
}

func (s Store) istioImages(ctx context.Context, version string) ([]image.Image, error) {
	dir, err := s.Istio(ctx, version)
	if err != nil {
		return nil, err
	}
	envoy, err := s.Envoy(ctx, EnvoyVersions[version])
	if err != nil {
		return nil, err
	}
	return []image.Image{
		{Name: Hub + "/pilot:" + version, User: istioUser, Entrypoint: []string{"/usr/local/bin/pilot-discovery"}, Files: map[string]string{
			"/usr/local/bin/pilot-discovery": filepath.Join(dir, "istiod"),
		}},
		{Name: Hub + "/proxyv2:" + version, User: istioUser, Entrypoint: []string{"/usr/local/bin/pilot-agent"}, Files: map[string]string{
			"/usr/local/bin/pilot-agent":                     filepath.Join(dir, "pilot-agent"),
			"/usr/local/bin/envoy":                           envoy,
			"/var/lib/istio/envoy/envoy_bootstrap_tmpl.json": filepath.Join(dir, "envoy_bootstrap.json"),
		}},
	}, nil
}

func (s Store) imageArchive(ctx context.Context, name string, all []image.Image) (string, error) {
	root, err := s.Rootfs(ctx)
	if err != nil {
		return "", err
	}
	key := append([]string{root, fmt.Sprint(all)}, slices.Clone(imageExcludes)...)
	dir, err := s.Cache.Dir(ctx, name, key, func(_ context.Context, dir string) error {
		base, err := image.TreeLayer(root, imageExcludes)
		if err != nil {
			return err
		}
		return image.Write(filepath.Join(dir, "images.tar"), base, all)
	})
	return filepath.Join(dir, "images.tar"), err
}
