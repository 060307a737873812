// SPDX-License-Identifier: Apache-2.0

package mesh

import "strings"

// Revision is one control plane: an istiod Deployment with its Service, webhooks and pods.
// A control plane installed without a revision is named "default", as Istio labels it.
type Revision struct {
	Name            string
	Version         string   // from /version of its istiods, "" when none answers; "1.29.1, 1.31.0" when they differ
	Replicas        int      // spec.replicas of the istiod Deployment
	Ready           int      // its ready replicas
	Istiods         []Istiod // its running istiod pods
	UsesTrustBundle bool     // its proxies read the mesh's root from a ClusterTrustBundle; it writes no ConfigMap
	// Missing lists parts of the revision that do not exist: "Deployment istiod-x", "Service
	// istiod-x", "webhook istio-sidecar-injector-x".
	Missing []string
}

// DefaultRevision is Istio's name for the control plane without a revision, whose objects
// don't have the name as a suffix.
const DefaultRevision = "default"

// IstiodService returns the name of the Service of a revision's istiods: "istiod-1-31-0".
func IstiodService(revision string) string {
	if revision == DefaultRevision {
		return "istiod"
	}
	return "istiod-" + revision
}

// Istiod is one pod of a control plane.
type Istiod struct {
	Pod     string // name, in the root namespace
	Ready   bool
	Version string // from GET /version on port 15014
	Build   string // identifies the binary: its image

	// Names are the DNS names in the certificate that it presented to proxies; none if it was
	// not asked, or presented none.
	Names []string

	// The fields below say why a check of the pod failed, "" when it passed or was not made.
	NoAnswer            string // the request for its proxies
	PortClosed          string // the TLS handshake on its port for proxies
	CertificateNotValid string // validity of the certificate that it presented, by this machine's clock
	ForeignRoot         string // the chain of that certificate to one of the mesh's roots
	WebhookNotTrusted   string // the TLS handshake on the port of its webhooks, by their CA bundle
	WebhookNameNotValid string // the name of the Service that they call, in the certificate of that handshake
}

// Answers reports whether the istiod answered the request for its proxies.
func (i Istiod) Answers() bool { return i.NoAnswer == "" }

// Tag is a revision tag: an alias by which labels can select a revision.
type Tag struct {
	Name      string
	Revision  string // the revision that its webhooks call
	Service   string // the revision that its Service istiod-revision-tag-<tag> selects, "" without Service (before Istio 1.28)
	ManagedBy string // the Helm release or GitOps tool that manages it; "" for none
}

// DefaultTag is the name of the default in plans, whether a tag of that name exists or not.
const DefaultTag = "default"

// Validator is the webhook that validates configuration without a revision, the second
// part of the default (ValidatingWebhookConfiguration istiod-default-validator).
type Validator struct {
	Configuration string // the object's name, "" when it does not exist
	Revision      string // the revision that it calls
}

// Resolve returns the revision that a label's value selects: the tag's revision if a tag
// has that name, else the value itself, and whether such a tag or revision exists.
func (w World) Resolve(value string) (string, bool) {
	if t, ok := find(w.Tags, func(t Tag) bool { return t.Name == value }); ok {
		return t.Revision, true
	}
	_, ok := w.Revision(value)
	return value, ok
}

// JoinRevisions writes the names of several revisions as one text, as plans and records
// hold them: "1-29-1+1-31-0", "" for none.
func JoinRevisions(names []string) string { return strings.Join(names, "+") }

// SplitRevisions reads what JoinRevisions writes. For "" it returns one empty name.
func SplitRevisions(joined string) []string { return strings.Split(joined, "+") }
