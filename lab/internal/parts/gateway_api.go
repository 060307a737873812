// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"fmt"
	"path/filepath"
)

// GatewayAPI returns a directory with the definitions of the Gateway API's standard channel, of
// the version that the newest Istio is built with.
func (s Store) GatewayAPI(ctx context.Context) (string, error) {
	newest := IstioVersions[len(IstioVersions)-1]
	src := filepath.Join(s.Source, "modules", "istio-"+newest)
	const module = "sigs.k8s.io/gateway-api"
	version, err := goTool(ctx, src, "list", "-mod=readonly", "-m", "-f", "{{.Version}}", module)
	if err != nil {
		return "", fmt.Errorf("find the version of the Gateway API: %w", err)
	}
	dir, err := s.Cache.Dir(ctx, "gateway-api-"+version, []string{version}, func(ctx context.Context, out string) error {
		if _, err := goTool(ctx, src, "mod", "download", module); err != nil {
			return err
		}
		return copyFromModule(ctx, src, module, []string{"config/crd/standard"}, out)
	})
	return filepath.Join(dir, "standard"), err
}
