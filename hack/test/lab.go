// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rerig/rerig/hack/labsize"
)

const labProgram = "bin/lab"

// istioVersions are those whose istioctl and charts unit tests use.
var istioVersions = []string{"1.29.1", "1.31.0"}

// labTests match tests that need a running lab, and one that only such a test starts.
const labTests = "^(TestLab|TestInstallUntilKilled)$"

// fetchParts builds or downloads the parts of a lab of this size.
func fetchParts(ctx context.Context, size string, out io.Writer) result {
	began, r := time.Now(), result{name: "parts of the " + size + " lab", verdict: passed}
	if err := labCommand(ctx, out, "fetch", "--rollouts", "--size", size).Run(); err != nil {
		fmt.Fprintf(out, "lab fetch --size %s: %v\n", size, err)
		r.verdict = failed
	}
	r.took = time.Since(began)
	fmt.Fprintln(out, r.line())
	return r
}

// fetchInBackground fetches the parts of the real lab while other tests run, if a
// story needs it. What it returns waits for the end, and returns the outcome.
func fetchInBackground(ctx context.Context, o options, s selection, out io.Writer) func() []result {
	if o.size != labsize.Real || len(s.load) == 0 {
		return func() []result { return nil }
	}
	done := make(chan struct{})
	var r result
	go func() {
		defer close(done)
		r = fetchParts(ctx, labsize.Real, out)
	}()
	return func() []result {
		<-done
		return []result{r}
	}
}

// labsPrefix begins the names of this clone's labs: runs of make test in two clones
// do not take down each other's.
var labsPrefix = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	if err != nil {
		return "test"
	}
	return fmt.Sprintf("test-%04x", crc32.ChecksumIEEE([]byte(dir))&0xffff)
})

// loadLabs begins the name of the real lab.
func loadLabs() string { return labsPrefix() + "-load" }

// packageLab is the lab of packageLabTests.
func packageLab() string { return labsPrefix() + "-packages" }

// labEnvironment returns the environment that tells unit tests where the lab's
// Kubernetes, istioctls and charts are, and what removes its folder.
func labEnvironment(ctx context.Context, o options) (env []string, remove func(), err error) {
	if o.size == labsize.None || o.stories != "" {
		return nil, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "rerig-test-")
	if err != nil {
		return nil, func() {}, err
	}
	remove = func() { os.RemoveAll(dir) }
	kube, err := labOutput(ctx, "path", "kube")
	if err != nil {
		return nil, remove, err
	}
	for _, version := range istioVersions {
		if err := os.MkdirAll(filepath.Join(dir, version), 0o755); err != nil {
			return nil, remove, err
		}
		for _, part := range []string{"istioctl", "charts"} {
			path, err := labOutput(ctx, "path", part+"-"+version)
			if err != nil {
				return nil, remove, err
			}
			if err := os.Symlink(path, filepath.Join(dir, version, part)); err != nil {
				return nil, remove, err
			}
		}
	}
	return []string{"RERIG_TEST_KUBE=" + kube, "RERIG_TEST_ISTIOCTL_DIR=" + dir}, remove, nil
}

// labOutput returns the output of a command of the lab.
func labOutput(ctx context.Context, args ...string) (string, error) {
	output, err := exec.CommandContext(ctx, labProgram, args...).Output()
	if err != nil {
		return "", fmt.Errorf("lab %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(output)), nil
}

func labCommand(ctx context.Context, out io.Writer, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, labProgram, args...)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// labDown stops a lab. A lab that does not run is no error.
func labDown(ctx context.Context, name string, out io.Writer) {
	if err := labCommand(ctx, out, "down", "--name", name).Run(); err != nil {
		fmt.Fprintf(out, "lab down --name %s: %v\n", name, err)
	}
}

// packageLabTests runs TestLab of each package that has one, on a hollow lab with
// Istio alone.
func packageLabTests(ctx context.Context, env []string, out io.Writer) []result {
	failure := []result{{name: "lab of the packages' TestLab", verdict: failed}}
	names, err := packagesWithLabTest(".")
	if err != nil {
		fmt.Fprintln(out, err)
		return failure
	}
	lab := packageLab()
	labDown(ctx, lab, io.Discard) // left by a run that was killed
	defer labDown(context.WithoutCancel(ctx), lab, out)
	if err := labCommand(ctx, out, "up", "--name", lab, "--size", labsize.Hollow, "--no-shop").Run(); err != nil {
		fmt.Fprintf(out, "lab up --name %s: %v\n", lab, err)
		return failure
	}
	kubeconfig, err := labOutput(ctx, "kubeconfig", "--name", lab)
	if err != nil {
		fmt.Fprintln(out, err)
		return failure
	}
	return goTest(ctx, packages{module: ".", names: names, args: []string{"-p=1", "-count=1", "-timeout=10m", "-run=^TestLab$"},
		env: append(slices.Clone(env), "RERIG_TEST_KUBECONFIG="+kubeconfig, "RERIG_TEST_INSTALL_KUBECONFIG="+kubeconfig)}, out)
}

// packagesWithLabTest returns the folders below internal whose tests have a TestLab.
func packagesWithLabTest(root string) (folders []string, err error) {
	err = filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if folder := "./" + filepath.ToSlash(filepath.Dir(path)); strings.Contains(string(text), "\nfunc TestLab(") &&
			!slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
		return err
	})
	return folders, err
}
