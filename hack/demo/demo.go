// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// name is the lab of the demo: another one than that of make lab-up.
const name = "demo"

// From this Istio to that one.
const (
	from = "1.29.1"
	to   = "1.31.0"
)

// demo begins with a lab of its own, and so always with the old Istio.
func demo(ctx context.Context, c console) error {
	began := time.Now()
	c.title("A lab: Kubernetes, Istio " + from + " and a shop. The first time everything is built, which takes a while; then it takes a minute.")
	if err := c.run(ctx, "bin/lab", "down", "--name", name); err != nil {
		return err
	}
	if err := c.run(ctx, "bin/lab", "up", "--name", name); err != nil {
		return err
	}
	l, err := found(ctx, c)
	if err != nil {
		return err
	}
	load, err := l.load(ctx)
	if err != nil {
		return err
	}
	if err := upgrade(ctx, c, l); err != nil {
		return err
	}
	c.title("What the load saw of it.")
	report, err := load.report(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, report)
	fmt.Fprintf(c.out, "The demo took %s.\n", time.Since(began).Round(time.Second))
	c.title("What to try next.")
	fmt.Fprint(c.out, next(l))
	return nil
}

// upgrade is what a user does: look, plan, go.
func upgrade(ctx context.Context, c console, l lab) error {
	if err := os.Setenv("KUBECONFIG", l.kubeconfig); err != nil {
		return fmt.Errorf("set KUBECONFIG: %w", err)
	}
	c.title("The mesh as it is.")
	if err := c.run(ctx, "bin/rerig", "inventory"); err != nil {
		return err
	}
	c.title("What an upgrade would do, and what to know before.")
	if err := c.run(ctx, "bin/rerig", append([]string{"plan"}, l.wish()...)...); err != nil {
		return err
	}
	c.title("The upgrade, in three waves. Ctrl-C loses nothing: the same command goes on.")
	return c.run(ctx, "bin/rerig", append([]string{"upgrade", "--yes"}, l.wish()...)...)
}

// wish is what plan and upgrade are asked for.
func (l lab) wish() []string {
	return []string{"--to", l.revision, "--operator", filepath.Join(filepath.Dir(l.kubeconfig), l.revision+".yaml"),
		"--istioctl", l.istioctl, "--waves", "3", "--soak", "15s"}
}

// next says what can be done with the lab that is left up.
func next(l lab) string {
	return fmt.Sprintf(`  export KUBECONFIG=%s
  bin/rerig status                      the page of this run, again
  bin/rerig inventory                   who runs what, and whether it agrees
  bin/rerig rollback                    everything back to %s, wave by wave, proven too
  bin/rerig upgrade --help              waves, namespaces, soak, a failing wave put back
  make lab-run NAME=%s CMD='kubectl get pods -A'
  make lab-down NAME=%s               and nothing is left but the cache
`, l.kubeconfig, from, name, name)
}
