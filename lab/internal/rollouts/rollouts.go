// SPDX-License-Identifier: Apache-2.0

// Package rollouts adds the Argo Rollouts controller to a lab. It runs as a process beside the
// cluster's own controllers.
package rollouts

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
)

// Part is the name of the controller's part. A lab runs the controller if it has the part.
const Part = "argo-rollouts"

// Controller holds the values from which the components are built.
type Controller struct {
	// PartDir is the part's directory. KubeBinary contains kubectl.
	PartDir, KubeBinary string
	Kubeconfig          string
	// LabDir is the lab's directory.
	LabDir string
	// HealthPort and MetricsPort are free ports. The controller listens on all addresses
	// (listenAddr in controller/controller.go of Argo Rollouts v1.9.2).
	HealthPort, MetricsPort int
}

// Components creates the CRDs and starts the controller, which exits without them.
func (c Controller) Components() component.List {
	env := []string{"HOME=" + c.LabDir, "PATH=/usr/local/bin:/usr/bin:/bin"}
	return component.List{
		{
			Name: "rollouts-crds", Kind: component.Task, Binary: c.KubeBinary, Dir: c.LabDir, Env: env,
			// Created, not applied: a CRD is longer than an annotation may be.
			Args: []string{"kubectl", "--kubeconfig=" + c.Kubeconfig, "create", "--validate=false", "-k", filepath.Join(c.PartDir, "crds")},
		},
		{
			Name: "rollouts-controller", Binary: filepath.Join(c.PartDir, "rollouts-controller"), Dir: c.LabDir, Env: env, Restart: component.Always,
			Args: []string{
				"--kubeconfig=" + c.Kubeconfig, "--leader-elect=false", "--loglevel=warn",
				fmt.Sprintf("--healthzPort=%d", c.HealthPort), fmt.Sprintf("--metricsPort=%d", c.MetricsPort),
			},
			Probe: component.Probe{URL: fmt.Sprintf("http://127.0.0.1:%d/healthz", c.HealthPort), Timeout: time.Minute},
		},
	}
}
