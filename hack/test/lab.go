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

	"github.com/rerig/rerig/hack/labsize"
)

// istios are those whose istioctl and whose charts the tests try.
var istios = []string{"1.29.1", "1.31.0"}

// fetched gets the lab's parts before anything needs them: with an empty cache
// that is most of the time that all takes.
func fetched(ctx context.Context, size string, out io.Writer) result {
	began, r := time.Now(), result{name: "parts of the lab", verdict: passed}
	sizes := []string{labsize.Hollow} // which every machine's stories use
	if size == labsize.Real {
		sizes = append(sizes, labsize.Real)
	}
	for _, s := range sizes {
		if err := labCommand(ctx, out, "fetch", "--rollouts", "--size", s).Run(); err != nil {
			fmt.Fprintf(out, "lab fetch --size %s: %v\n", s, err)
			r.verdict = failed
		}
	}
	r.took = time.Since(began)
	fmt.Fprintln(out, r.line())
	return r
}

// equipment is the environment that tells tests where the lab's programs are:
// those that try a real API server, or a real istioctl, use them.
func equipment(ctx context.Context, dir string) ([]string, error) {
	kube, err := place(ctx, "kube")
	if err != nil {
		return nil, err
	}
	for _, version := range istios {
		istioctl, err := place(ctx, "istioctl-"+version)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Join(dir, version), 0o755); err != nil {
			return nil, err
		}
		if err := os.Symlink(istioctl, filepath.Join(dir, version, "istioctl")); err != nil {
			return nil, err
		}
		charts, err := place(ctx, "charts-"+version)
		if err != nil {
			return nil, err
		}
		if err := os.Symlink(charts, filepath.Join(dir, version, "charts")); err != nil {
			return nil, err
		}
	}
	return []string{"RERIG_TEST_KUBE=" + kube, "RERIG_TEST_ISTIOCTL_DIR=" + dir}, nil
}

func place(ctx context.Context, part string) (string, error) { return ask(ctx, "path", part) }

// ask returns what a command of the lab prints.
func ask(ctx context.Context, args ...string) (string, error) {
	said, err := exec.CommandContext(ctx, labProgram, args...).Output()
	if err != nil {
		return "", fmt.Errorf("lab %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(said)), nil
}

const labProgram = "bin/lab"

func labCommand(ctx context.Context, out io.Writer, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, labProgram, args...)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// benchName is the lab of onBench.
const benchName = "bench"

// onBench runs what a package has to try on a lab that runs, its TestLab, on a
// hollow one with nothing but Istio in it.
func onBench(ctx context.Context, env []string, out io.Writer) []result {
	_ = labCommand(ctx, io.Discard, "down", "--name", benchName).Run() // what a run left that was killed
	defer func() {
		_ = labCommand(context.WithoutCancel(ctx), out, "down", "--name", benchName).Run()
	}()
	err := labCommand(ctx, out, "up", "--name", benchName, "--size", labsize.Hollow, "--no-shop").Run()
	if err != nil {
		fmt.Fprintln(out, err)
		return []result{{name: "a lab for the packages' TestLab", verdict: failed}}
	}
	kubeconfig, err := ask(ctx, "kubeconfig", "--name", benchName)
	if err != nil {
		fmt.Fprintln(out, err)
		return []result{{name: "a lab for the packages' TestLab", verdict: failed}}
	}
	return tests(ctx, suite{folder: ".", args: []string{"-p=1", "-count=1", "-timeout=10m", "-run=^TestLab$"},
		env: append(env, "RERIG_TEST_KUBECONFIG="+kubeconfig, "RERIG_TEST_INSTALL_KUBECONFIG="+kubeconfig)}, out)
}
