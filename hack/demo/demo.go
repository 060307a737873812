// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rerig/rerig/hack/labsize"
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
	began, size := time.Now(), labsize.Detect()
	l, err := bringUp(ctx, c, size)
	if err != nil {
		return err
	}
	if err := upgrade(ctx, c, l); err != nil {
		return err
	}
	c.title("What the load saw of it.")
	if err := tellLoad(ctx, c, size); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\nThe demo took %s.\n", time.Since(began).Round(time.Second))
	c.title("What to try next.")
	fmt.Fprint(c.out, next(l, size))
	return nil
}

func tellLoad(ctx context.Context, c console, size string) error {
	if size == labsize.Hollow {
		fmt.Fprintln(c.out, "There was none: a hollow lab has no traffic. As root, make demo has both.")
		return nil
	}
	l, err := reported(ctx)
	if err == nil {
		fmt.Fprint(c.out, l.text())
	}
	return err
}

// bringUp makes the lab anew; its load counts from when all is in its place.
func bringUp(ctx context.Context, c console, size string) (lab, error) {
	if size == labsize.None {
		return lab{}, errors.New("bring up a lab: it needs Linux; elsewhere give rerig a KUBECONFIG of your own")
	}
	c.title("A lab: Kubernetes, Istio " + from + " and a shop. The first time everything is built, which takes a while; then it takes a minute.")
	if size == labsize.Hollow {
		fmt.Fprintln(c.out, "It is a hollow one, since a real one needs root: real control planes, no containers and no traffic.")
	}
	if err := c.run(ctx, "bin/lab", "down", "--name", name); err != nil {
		return lab{}, err
	}
	if err := c.run(ctx, "bin/lab", "up", "--name", name, "--size", size); err != nil {
		return lab{}, err
	}
	if size == labsize.Real {
		if _, err := answer(ctx, "bin/lab", "load", "--reset", "--name", name); err != nil {
			return lab{}, err
		}
	}
	return found(ctx)
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
func next(l lab, size string) string {
	type line struct{ try, what string }
	lines := []line{
		{"export KUBECONFIG=" + l.kubeconfig, ""},
		{"bin/rerig status", "where this run stands"},
		{"bin/rerig inventory", "who runs what, and whether it agrees"},
		{"bin/rerig rollback", "everything back to " + from + ", wave by wave, and proven too"},
		{"bin/rerig upgrade --help", "waves, namespaces, soak, a failing wave put back"},
	}
	if size == labsize.Real {
		lines = append(lines, line{"bin/lab load --name " + name, "what the load has seen so far; with --reset it counts anew"})
	}
	lines = append(lines,
		line{"make lab-run NAME=" + name + " CMD='kubectl get pods -A'", ""},
		line{"make lab-down NAME=" + name, "nothing is left but the cache"})
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-36s %s", l.try, l.what), " ") + "\n")
	}
	return b.String()
}
