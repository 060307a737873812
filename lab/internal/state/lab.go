// SPDX-License-Identifier: Apache-2.0

// Package state is what is written down of a lab while it runs.
package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Size says how much of a cluster is real.
type Size string

const (
	// Real runs containers and traffic, and needs root on Linux.
	Real Size = "real"
	// Hollow runs the control planes alone, and needs nothing.
	Hollow Size = "hollow"
)

// Lab is one running lab. It is written before its supervisor starts, which reads it.
type Lab struct {
	Name string `json:"name"`
	Size Size   `json:"size"`
	// Dir holds all that the lab writes; it is removed at down.
	Dir string `json:"dir"`
	// Cache is the cache's root, which Dir and the parts lie in.
	Cache string `json:"cache"`
	// APIPort is the API server's port on 127.0.0.1 of the host; in a real lab also of the inside.
	APIPort int `json:"apiPort"`
	// PrometheusPort and IngressPort are relayed from 127.0.0.1 of the host; 0 in a hollow lab.
	PrometheusPort int `json:"prometheusPort,omitempty"`
	IngressPort    int `json:"ingressPort,omitempty"`
	// Parts maps a part's name (kube, kwok, istio-1.29.1, …) to its place in the cache.
	Parts map[string]string `json:"parts"`
}

// Kubeconfig is the way in, for the host and for the inside alike.
func (l Lab) Kubeconfig() string { return filepath.Join(l.Dir, "kubeconfig") }

// LogDir is the folder of the components' logs.
func (l Lab) LogDir() string { return filepath.Join(l.Dir, "log") }

// ReadyFile is a file that is there once the cluster's nodes are.
func (l Lab) ReadyFile() string { return filepath.Join(l.Dir, "ready") }

// FailureFile is a file with the reason, once the lab could not be brought up.
func (l Lab) FailureFile() string { return filepath.Join(l.Dir, "failed") }

// SupervisorLock is the lock that the lab's supervisor holds while it lives; its process id is in it.
func (l Lab) SupervisorLock() string { return filepath.Join(l.Dir, "supervisor") }

// Dir says where the lab of this name keeps its state under the cache's root.
func Dir(root, name string) string { return filepath.Join(root, "lab", name) }

// Save writes the lab down in its folder.
func (l Lab) Save() error {
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("render lab %s: %w", l.Name, err)
	}
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of lab %s: %w", l.Name, err)
	}
	if err := os.WriteFile(filepath.Join(l.Dir, "lab.json"), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write lab %s: %w", l.Name, err)
	}
	return nil
}

// ErrNotFound is what Load says when there is no lab of that name.
var ErrNotFound = errors.New("there is no such lab")

// Load reads the lab whose folder is dir.
func Load(dir string) (Lab, error) {
	b, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return Lab{}, ErrNotFound
	}
	if err != nil {
		return Lab{}, fmt.Errorf("read the lab in %s: %w", dir, err)
	}
	var l Lab
	if err := json.Unmarshal(b, &l); err != nil {
		return Lab{}, fmt.Errorf("read the lab in %s: %w", dir, err)
	}
	return l, nil
}
