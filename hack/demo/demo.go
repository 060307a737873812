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

// labName is the lab of the demo. It differs from the lab of `make lab-up`.
const labName = "demo"

// The demo upgrades Istio from this version to that version.
const (
	fromVersion = "1.29.1"
	toVersion   = "1.31.0"
)

// lab holds what the demo needs to know about its lab.
type lab struct {
	kubeconfig string
	istioctl   string // of toVersion
	revision   string // of toVersion
}

// demo starts a new lab, so that each run begins with the old Istio version.
func demo(ctx context.Context, c console) error {
	start, size := time.Now(), labsize.Detect()
	l, err := startLab(ctx, c, size)
	if err != nil {
		return err
	}
	if err := upgrade(ctx, c, l); err != nil {
		return err
	}
	c.title("The mesh after the upgrade")
	if err := checkMesh(ctx, c); err != nil {
		return err
	}
	c.title("Requests during the upgrade")
	if err := printLoad(ctx, c, size); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\nThe demo took %s.\n", time.Since(start).Round(time.Second))
	c.title("What to try next")
	fmt.Fprint(c.out, nextCommands(l, size))
	return nil
}

func printLoad(ctx context.Context, c console, size string) error {
	if size == labsize.Hollow {
		fmt.Fprintln(c.out, "None: a hollow lab has no traffic. Run `make demo` as root for a lab with traffic.")
		return nil
	}
	r, err := readLoadReport(ctx)
	if err == nil {
		fmt.Fprint(c.out, r.text())
	}
	return err
}

// startLab replaces the demo's lab by a new one. The load starts counting when the shop is ready.
func startLab(ctx context.Context, c console, size string) (lab, error) {
	if size == labsize.None {
		return lab{}, errors.New("the lab needs Linux; use rerig with a KUBECONFIG of your own instead")
	}
	c.title("Start a lab: Kubernetes, Istio " + fromVersion + " and a shop. The first start builds everything; later ones take a minute.")
	if size == labsize.Hollow {
		fmt.Fprintln(c.out, "The lab is hollow, because a real one needs root: real control planes, no containers, no traffic.")
	}
	if err := c.run(ctx, "bin/lab", "down", "--name", labName); err != nil {
		return lab{}, err
	}
	if err := c.run(ctx, "bin/lab", "up", "--name", labName, "--size", size); err != nil {
		return lab{}, err
	}
	l, err := findLab(ctx)
	if err != nil {
		return lab{}, err
	}
	if err := addGateways(ctx, c, l); err != nil {
		return lab{}, err
	}
	if size == labsize.Real {
		if _, err := output(ctx, "bin/lab", "load", "--reset", "--name", labName); err != nil {
			return lab{}, err
		}
	}
	return l, nil
}

// addGateways adds gateways of the two makes that the shop does not have, and waits for them.
func addGateways(ctx context.Context, c console, l lab) error {
	kubectl, err := output(ctx, "bin/lab", "path", "kubectl", "--name", labName)
	if err != nil {
		return err
	}
	definitions, err := output(ctx, "bin/lab", "path", "gateway-api", "--name", labName)
	if err != nil {
		return err
	}
	c.title("Two more gateways: one that istiod injects, and one that it deploys for the Gateway API")
	for _, args := range [][]string{
		{"apply", "--server-side", "-f", definitions},
		{"wait", "--for=create", "--timeout=2m", "gatewayclass/istio"},
		{"apply", "-f", "hack/demo/gateways.yaml"},
		{"rollout", "status", "--namespace", "edge", "--timeout=3m", "deployment/edge"},
		{"wait", "--for=create", "--namespace", "edge-api", "--timeout=2m", "deployment/edge-istio"},
		{"rollout", "status", "--namespace", "edge-api", "--timeout=3m", "deployment/edge-istio"},
	} {
		if _, err := output(ctx, kubectl, append([]string{"--kubeconfig", l.kubeconfig}, args...)...); err != nil {
			return err
		}
	}
	return nil
}

// findLab asks the lab for the paths that an upgrade needs.
func findLab(ctx context.Context) (l lab, err error) {
	l.revision = strings.ReplaceAll(toVersion, ".", "-")
	if l.kubeconfig, err = output(ctx, "bin/lab", "kubeconfig", "--name", labName); err != nil {
		return l, err
	}
	l.istioctl, err = output(ctx, "bin/lab", "path", "istioctl-"+toVersion, "--name", labName)
	return l, err
}

// upgrade runs the commands of a user: inventory, plan, upgrade.
func upgrade(ctx context.Context, c console, l lab) error {
	if err := os.Setenv("KUBECONFIG", l.kubeconfig); err != nil {
		return fmt.Errorf("set KUBECONFIG: %w", err)
	}
	c.title("The mesh before the upgrade")
	if err := c.run(ctx, "bin/rerig", "inventory"); err != nil {
		return err
	}
	c.title("The plan: what the upgrade changes and what to know before")
	if err := c.run(ctx, "bin/rerig", append([]string{"plan"}, l.upgradeFlags()...)...); err != nil {
		return err
	}
	c.title("The upgrade: sidecars in three waves, then the gateways; at the end " + fromVersion + " is removed. " +
		"After Ctrl-C, the same command continues it.")
	return c.run(ctx, "bin/rerig", append([]string{"upgrade", "--yes"}, l.upgradeFlags()...)...)
}

// upgradeFlags returns the flags of plan and upgrade.
func (l lab) upgradeFlags() []string {
	return []string{"--to", l.revision, "--operator", filepath.Join(filepath.Dir(l.kubeconfig), l.revision+".yaml"),
		"--istioctl", l.istioctl, "--waves", "3", "--soak", "15s", "--remove-old", "--park-max", "30s",
		"--workload", "Deployment istio-system/istio-ingressgateway=held-rollout",
		"--workload", "Deployment istio-system/istio-egressgateway=held-rollout"}
}

// nextCommands lists what a user can do with the lab, which keeps running.
func nextCommands(l lab, size string) string {
	type line struct{ command, purpose string }
	lines := []line{
		{"export KUBECONFIG=" + l.kubeconfig, ""},
		{"bin/rerig status", "state of this run"},
		{"bin/rerig inventory", "revision of each workload and proxy"},
		{"bin/rerig rollback", "installs " + fromVersion + " again and moves everything back, with verification"},
		{"bin/rerig upgrade --help", "waves, namespaces, soak, rollback of a failing wave"},
	}
	if size == labsize.Real {
		lines = append(lines, line{"bin/lab load --name " + labName, "requests so far; --reset starts counting again"})
	}
	lines = append(lines,
		line{"make lab-run NAME=" + labName + " CMD='kubectl get pods -A'", ""},
		line{"make lab-down NAME=" + labName, "stop the lab; only the cache remains"})
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-36s %s", l.command, l.purpose), " ") + "\n")
	}
	return b.String()
}
