// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rerig/rerig/lab/internal/parts"
	"github.com/rerig/rerig/lab/internal/real"
	"github.com/rerig/rerig/lab/internal/state"
	"github.com/rerig/rerig/lab/istio"
)

// installContents installs Istio and the shop into a running lab. Each is installed only once;
// later changes by the user are kept.
func installContents(ctx context.Context, l state.Lab, want contents, out io.Writer) error {
	newerImages := importNewerImages(ctx, l, out)
	if want.istio {
		if err := installOnce(l, "istio", out, func() error { return installIstio(ctx, l, parts.IstioVersions[0]) }); err != nil {
			return err
		}
	}
	if err := <-newerImages; err != nil {
		return err
	}
	if want.shop {
		return installOnce(l, "shop", out, func() error { return installShop(ctx, l) })
	}
	return nil
}

// importNewerImages imports the images of the newer Istio while the older Istio is installed. The
// channel yields its result. A hollow lab has no images.
func importNewerImages(ctx context.Context, l state.Lab, out io.Writer) <-chan error {
	imported := make(chan error, 1)
	if l.Size != state.Real {
		close(imported)
		return imported
	}
	go func() {
		version := parts.IstioVersions[1]
		imported <- installOnce(l, "images-"+version, out, func() error { return importImages(ctx, l, "images-"+version) })
	}()
	return imported
}

// importImages loads a part's image archive into the containerd of a real lab.
func importImages(ctx context.Context, l state.Lab, part string) error {
	cmd, err := real.Enter(ctx, l, append([]string{"ctr"}, real.ImportArgs(l.Parts[part])...))
	if err != nil {
		return err
	}
	return runQuietly(cmd)
}

// installOnce calls do unless an earlier call succeeded in this lab.
func installOnce(l state.Lab, what string, out io.Writer, do func() error) error {
	marker := filepath.Join(l.Dir, what+".installed")
	if _, err := os.Stat(marker); err == nil {
		return nil
	}
	start := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("install %s: %w", what, err)
	}
	fmt.Fprintf(out, "%s installed in %.1f s\n", what, time.Since(start).Seconds())
	return os.WriteFile(marker, nil, 0o644)
}

// installIstio runs `istioctl install -f FILE`, as a user does. It writes the IstioOperator files
// of all versions into the lab's directory.
func installIstio(ctx context.Context, l state.Lab, version string) error {
	for _, v := range parts.IstioVersions {
		content, err := istio.OperatorFile(v)
		if err != nil {
			return err
		}
		if err := os.WriteFile(operatorFile(l, v), content, 0o644); err != nil {
			return fmt.Errorf("write the IstioOperator of Istio %s: %w", v, err)
		}
	}
	istioctl := filepath.Join(l.Parts["istio-"+version], "istioctl")
	return runQuietly(exec.CommandContext(ctx, istioctl, "install", "-y", "-f", operatorFile(l, version), "--kubeconfig", l.Kubeconfig()))
}

// operatorFile returns the path of a version's IstioOperator in the lab's directory.
func operatorFile(l state.Lab, version string) string {
	return filepath.Join(l.Dir, istio.Revision(version)+".yaml")
}

func kubectl(ctx context.Context, l state.Lab, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, l.Parts["kubectl"], append([]string{"--kubeconfig", l.Kubeconfig()}, args...)...)
}

// runQuietly runs a command and returns its output only as part of an error.
func runQuietly(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w\n%s", filepath.Base(cmd.Path), cmd.Args[1], err, strings.TrimSpace(string(out)))
}
