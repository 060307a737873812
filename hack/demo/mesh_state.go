// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// meshState is the part of an inventory that the demo reads.
type meshState struct {
	Revisions []struct {
		Version string `json:"version"`
	} `json:"revisions"`
	Workloads []struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
		Gateway   bool   `json:"gateway"`
		Sidecars  []struct {
			Version string `json:"version"`
			Pods    int    `json:"pods"`
		} `json:"sidecars"`
	} `json:"workloads"`
}

// checkMesh says that the complete mesh is on the new version, or returns what is not.
func checkMesh(ctx context.Context, c console) error {
	content, err := output(ctx, "bin/rerig", "inventory", "-o", "json")
	if err != nil {
		return err
	}
	var m meshState
	if err := json.Unmarshal([]byte(content), &m); err != nil {
		return fmt.Errorf("read the inventory: %w", err)
	}
	text, err := m.text()
	if err == nil {
		fmt.Fprint(c.out, text)
	}
	return err
}

// text counts what is on the new version. It returns an error if anything is on another one.
func (m meshState) text() (string, error) {
	var elsewhere []string
	for _, r := range m.Revisions {
		if r.Version != toVersion {
			elsewhere = append(elsewhere, "a control plane of "+r.Version)
		}
	}
	workloads, gateways, proxies := 0, 0, 0
	for _, wl := range m.Workloads {
		for _, s := range wl.Sidecars {
			switch {
			case s.Version == "": // pods without a proxy
				continue
			case s.Version != toVersion:
				elsewhere = append(elsewhere, fmt.Sprintf("%s %s/%s: proxies of %s", wl.Kind, wl.Namespace, wl.Name, s.Version))
			case wl.Gateway:
				gateways++
			default:
				workloads++
			}
			proxies += s.Pods
		}
	}
	if elsewhere != nil {
		return "", errors.New("not on Istio " + toVersion + ": " + strings.Join(elsewhere, "; "))
	}
	return fmt.Sprintf("The complete mesh is on Istio %s (workloads: %d, gateways: %d, proxies: %d). Istio %s is removed.\n",
		toVersion, workloads, gateways, proxies, fromVersion), nil
}
