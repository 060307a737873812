// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
)

// load is the load generator in the lab; a hollow lab has none.
type load struct {
	lab lab
	pod string
}

// load waits until the shop is right in everything and lets the load count from
// there.
func (l lab) load(ctx context.Context) (load, error) {
	there, err := l.ask(ctx, "get", "deployments", "--namespace=load", "--ignore-not-found", "--output=name")
	if err != nil || there == "" {
		return load{}, err
	}
	if _, err := l.ask(ctx, "rollout", "status", "--namespace=load", there, "--timeout=5m"); err != nil {
		return load{}, err
	}
	pod, err := l.ask(ctx, "get", "pods", "--namespace=load", "--output=jsonpath={.items[0].metadata.name}")
	if err != nil {
		return load{}, err
	}
	g := load{l, pod}
	_, err = l.ask(ctx, "create", "--raw", g.page("reset"), "-f", "-")
	return g, err
}

// report is what became of the requests since.
func (g load) report(ctx context.Context) (string, error) {
	if g.pod == "" {
		return "A hollow lab has no traffic, and so no load: make demo as root on Linux has both.", nil
	}
	return g.lab.ask(ctx, "get", "--raw", g.page("report?format=text"))
}

// page is where the API server leads to the load's pages.
func (g load) page(path string) string {
	return "/api/v1/namespaces/load/pods/" + g.pod + ":8080/proxy/" + path
}

func (l lab) ask(ctx context.Context, args ...string) (string, error) {
	said, err := answer(ctx, l.kubectl, append([]string{"--kubeconfig", l.kubeconfig}, args...)...)
	return strings.TrimSpace(said), err
}
