// SPDX-License-Identifier: Apache-2.0

// Package clusterstatus summarizes the state of a lab's cluster.
package clusterstatus

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Summary is the state of the cluster in a few lines.
type Summary struct {
	Nodes   []string // name, version and readiness
	Istiods []string // pod, revision and readiness
	Pods    int
	// NotReady lists pods that are not ready, with their phase and waiting reason. Completed pods
	// are left out.
	NotReady []string
}

type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Namespace string            `json:"namespace"`
		Name      string            `json:"name"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Status struct {
		Phase      string `json:"phase"`
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
		NodeInfo          struct{ KubeletVersion string } `json:"nodeInfo"`
		Containers        []container                     `json:"containerStatuses"`
		InitialContainers []container                     `json:"initContainerStatuses"`
	} `json:"status"`
}

type container struct {
	Name  string `json:"name"`
	State struct {
		Waiting *struct{ Reason string } `json:"waiting"`
	} `json:"state"`
}

// Parse summarizes the output of `kubectl get nodes,pods -A -o json`.
func Parse(list []byte) (Summary, error) {
	var l struct{ Items []object }
	if err := json.Unmarshal(list, &l); err != nil {
		return Summary{}, fmt.Errorf("parse the list of nodes and pods: %w", err)
	}
	var s Summary
	for _, o := range l.Items {
		if o.Kind == "Node" {
			s.Nodes = append(s.Nodes, fmt.Sprintf("%s %s %s", o.Metadata.Name, o.Status.NodeInfo.KubeletVersion, o.readiness()))
			continue
		}
		s.addPod(o)
	}
	return s, nil
}

func (s *Summary) addPod(o object) {
	if o.Status.Phase == "Succeeded" {
		return
	}
	s.Pods++
	if o.Metadata.Labels["app"] == "istiod" {
		s.Istiods = append(s.Istiods, fmt.Sprintf("%s revision %s %s", o.Metadata.Name, o.Metadata.Labels["istio.io/rev"], o.readiness()))
	}
	if o.readiness() != "ready" {
		s.NotReady = append(s.NotReady, fmt.Sprintf("%s/%s %s", o.Metadata.Namespace, o.Metadata.Name, o.waitingReason()))
	}
}

func (o object) readiness() string {
	for _, c := range o.Status.Conditions {
		if c.Type == "Ready" && c.Status == "True" {
			return "ready"
		}
	}
	return "not ready"
}

// waitingReason returns the pod's phase, and the first container that waits with its reason.
func (o object) waitingReason() string {
	for _, c := range slices.Concat(o.Status.InitialContainers, o.Status.Containers) {
		if c.State.Waiting != nil {
			return fmt.Sprintf("%s: %s: %s", o.Status.Phase, c.Name, c.State.Waiting.Reason)
		}
	}
	return o.Status.Phase
}

// Print writes the summary, one object per line.
func (s Summary) Print(out io.Writer) {
	for _, n := range s.Nodes {
		fmt.Fprintln(out, "node       ", n)
	}
	for _, i := range s.Istiods {
		fmt.Fprintln(out, "istiod     ", i)
	}
	fmt.Fprintf(out, "pods        %d, %d not ready\n", s.Pods, len(s.NotReady))
	for _, p := range s.NotReady {
		fmt.Fprintln(out, "not ready  ", p)
	}
}
