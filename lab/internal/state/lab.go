// SPDX-License-Identifier: Apache-2.0

// Package state stores what other processes need to know about a running lab.
package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Size is the size of a lab.
type Size string

// The sizes of a lab.
const (
	// Real runs containers and traffic. It needs root on Linux.
	Real Size = "real"
	// Hollow runs control planes without containers. It needs no privileges.
	Hollow Size = "hollow"
)

// Lab is one running lab. It is saved before its supervisor starts.
type Lab struct {
	Name string `json:"name"`
	Size Size   `json:"size"`
	// Dir holds everything that the lab writes. `lab down` removes it.
	Dir string `json:"dir"`
	// Cache is the root of the cache that holds Dir and the parts.
	Cache string `json:"cache"`
	// APIPort is the API server's port on 127.0.0.1 of the host. A real lab uses the same port
	// inside.
	APIPort int `json:"apiPort"`
	// PrometheusPort and IngressPort are relayed from 127.0.0.1 of the host. They are 0 in a hollow
	// lab.
	PrometheusPort int `json:"prometheusPort,omitempty"`
	IngressPort    int `json:"ingressPort,omitempty"`
	// Parts maps the name of a part (kube, kwok, istio-1.29.1, …) to its path in the cache.
	Parts map[string]string `json:"parts"`
}

// Kubeconfig returns the path of the kubeconfig. It works on the host and inside the lab.
func (l Lab) Kubeconfig() string { return filepath.Join(l.Dir, "kubeconfig") }

// LogDir returns the directory of the components' logs.
func (l Lab) LogDir() string { return filepath.Join(l.Dir, "log") }

// ReadyFile returns the path of a file that exists when the nodes are ready.
func (l Lab) ReadyFile() string { return filepath.Join(l.Dir, "ready") }

// FailureFile returns the path of the file with the reason why the lab failed.
func (l Lab) FailureFile() string { return filepath.Join(l.Dir, "failed") }

// SupervisorLock returns the path of the lock that the supervisor holds. The file contains its
// process ID.
func (l Lab) SupervisorLock() string { return filepath.Join(l.Dir, "supervisor") }

// Dir returns the directory of the lab called name, below the cache root.
func Dir(root, name string) string { return filepath.Join(root, "lab", name) }

// Save writes the lab to its directory.
func (l Lab) Save() error {
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("encode lab %s: %w", l.Name, err)
	}
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return fmt.Errorf("create the directory of lab %s: %w", l.Name, err)
	}
	if err := os.WriteFile(filepath.Join(l.Dir, "lab.json"), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write lab %s: %w", l.Name, err)
	}
	return nil
}

// ErrNotFound is returned by Load if the directory contains no lab.
var ErrNotFound = errors.New("no such lab")

// Load reads the lab from its directory.
func Load(dir string) (Lab, error) {
	b, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return Lab{}, ErrNotFound
	}
	if err != nil {
		return Lab{}, fmt.Errorf("read lab.json in %s: %w", dir, err)
	}
	var l Lab
	if err := json.Unmarshal(b, &l); err != nil {
		return Lab{}, fmt.Errorf("read lab.json in %s: %w", dir, err)
	}
	return l, nil
}
