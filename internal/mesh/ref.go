// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"fmt"
	"strings"
)

// WorkloadRef names a workload by kind, namespace and name: "Deployment shop-web/web".
// It is comparable, and the same text in records, flags and messages.
type WorkloadRef string

// RefOf returns the reference of a workload.
func RefOf(kind Kind, namespace, name string) WorkloadRef {
	return WorkloadRef(string(kind) + " " + namespace + "/" + name)
}

// ParseWorkloadRef reads "KIND NAMESPACE/NAME". It fails for any other form.
func ParseWorkloadRef(text string) (WorkloadRef, error) {
	r := WorkloadRef(text)
	if r.Kind() == "" || r.Namespace() == "" || r.Name() == "" {
		return "", fmt.Errorf("%q is no workload: write KIND NAMESPACE/NAME", text)
	}
	return r, nil
}

func (r WorkloadRef) split() (kind, namespace, name string) {
	kind, rest, _ := strings.Cut(string(r), " ")
	namespace, name, ok := strings.Cut(rest, "/")
	if !ok {
		return "", "", ""
	}
	return kind, namespace, name
}

// Kind returns the workload's kind, "" for a malformed reference.
func (r WorkloadRef) Kind() Kind {
	kind, _, _ := r.split()
	return Kind(kind)
}

// Namespace returns the workload's namespace, "" for a malformed reference.
func (r WorkloadRef) Namespace() string {
	_, namespace, _ := r.split()
	return namespace
}

// Name returns the workload's own name, "" for a malformed reference.
func (r WorkloadRef) Name() string {
	_, _, name := r.split()
	return name
}

// PodRef names one pod. The UID distinguishes it from a later pod of the same name.
type PodRef struct {
	Namespace string
	Name      string
	UID       string
}

// ParsePodRef reads "NAMESPACE/POD UID". It fails for any other form.
func ParsePodRef(text string) (PodRef, error) {
	pod, uid, _ := strings.Cut(text, " ")
	namespace, name, _ := strings.Cut(pod, "/")
	if uid == "" || name == "" {
		return PodRef{}, fmt.Errorf("%q is no pod: write NAMESPACE/POD UID", text)
	}
	return PodRef{Namespace: namespace, Name: name, UID: uid}, nil
}

// String returns "NAMESPACE/POD UID", as ParsePodRef reads it.
func (p PodRef) String() string { return p.Namespace + "/" + p.Name + " " + p.UID }

// JoinRefs returns the references as one line of text.
func JoinRefs(refs []WorkloadRef) string {
	texts := make([]string, len(refs))
	for i, r := range refs {
		texts[i] = string(r)
	}
	return strings.Join(texts, ", ")
}
