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

// fill installs what the lab is to hold. Each thing is installed once in a lab's
// life: what became of it since is its user's business.
func fill(ctx context.Context, l state.Lab, in contents, say io.Writer) error {
	next := laterImages(ctx, l, say)
	if in.istio {
		if err := once(l, "istio", say, func() error { return installIstio(ctx, l, parts.IstioVersions[0]) }); err != nil {
			return err
		}
	}
	if err := <-next; err != nil {
		return err
	}
	if in.shop {
		return once(l, "shop", say, func() error { return installShop(ctx, l) })
	}
	return nil
}

// laterImages imports the newer Istio's images while the older one is installed, so
// that they are there for whoever installs it.
func laterImages(ctx context.Context, l state.Lab, say io.Writer) <-chan error {
	done := make(chan error, 1)
	if l.Size != state.Real {
		close(done)
		return done
	}
	go func() {
		version := parts.IstioVersions[1]
		done <- once(l, "images-"+version, say, func() error { return importImages(ctx, l, "images-"+version) })
	}()
	return done
}

func importImages(ctx context.Context, l state.Lab, part string) error {
	cmd, err := real.Enter(ctx, l, append([]string{"ctr"}, real.ImportArgs(l.Parts[part])...))
	if err != nil {
		return err
	}
	return call(cmd)
}

// once does what has not been done in this lab yet, and marks it done.
func once(l state.Lab, what string, say io.Writer, do func() error) error {
	mark := filepath.Join(l.Dir, what+".installed")
	if _, err := os.Stat(mark); err == nil {
		return nil
	}
	began := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("install %s: %w", what, err)
	}
	fmt.Fprintf(say, "%s is in place after %.1f s\n", what, time.Since(began).Seconds())
	return os.WriteFile(mark, nil, 0o644)
}

// installIstio does what a user does by hand: `istioctl install -f FILE`.
func installIstio(ctx context.Context, l state.Lab, version string) error {
	for _, v := range parts.IstioVersions {
		content, err := istio.Operator(v)
		if err != nil {
			return err
		}
		if err := os.WriteFile(operatorFile(l, v), content, 0o644); err != nil {
			return fmt.Errorf("write the IstioOperator of %s: %w", v, err)
		}
	}
	istioctl := filepath.Join(l.Parts["istio-"+version], "istioctl")
	return call(exec.CommandContext(ctx, istioctl, "install", "-y", "-f", operatorFile(l, version), "--kubeconfig", l.Kubeconfig()))
}

func operatorFile(l state.Lab, version string) string {
	return filepath.Join(l.Dir, istio.Revision(version)+".yaml")
}

func kubectl(ctx context.Context, l state.Lab, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, l.Parts["kubectl"], append([]string{"--kubeconfig", l.Kubeconfig()}, args...)...)
}

// call runs a command whose output matters only when it fails.
func call(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w\n%s", filepath.Base(cmd.Path), cmd.Args[1], err, strings.TrimSpace(string(out)))
}
