// SPDX-License-Identifier: Apache-2.0

// Package rollouts is the controller of Argo Rollouts as a part of a lab: a real
// one, which runs as a process beside the cluster's own controllers.
package rollouts

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
)

// Part is the part's name; a lab has the controller when it has the part.
const Part = "argo-rollouts"

// Controller is what the recipe is made of.
type Controller struct {
	// Place is the part's folder, Kube the binary that is kubectl too.
	PartDir, KubeBinary string
	Kubeconfig          string
	// Dir is the lab's folder.
	LabDir string
	// Health and Metrics are free ports; the controller takes them on all addresses
	// (listenAddr in controller/controller.go of Argo Rollouts v1.9.2).
	HealthPort, MetricsPort int
}

// Components puts the definitions in and then starts the controller, which would end
// without them.
func (c Controller) Components() component.List {
	env := []string{"HOME=" + c.LabDir, "PATH=/usr/local/bin:/usr/bin:/bin"}
	return component.List{
		{
			Name: "rollouts-definitions", Kind: component.Task, Binary: c.KubeBinary, Dir: c.LabDir, Env: env,
			// Not applied: a definition is longer than an annotation may be.
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
