// SPDX-License-Identifier: Apache-2.0

package mesh

// Revision is one control plane: an istiod Deployment and what belongs to it.
// The control plane that was installed without a revision is called "default",
// as Istio labels it.
type Revision struct {
	Name            string
	Version         string   // what its istiods answer at /version, "" when none answers; "1.29.1, 1.31.0" when they differ
	Replicas        int      // replicas that the istiod Deployment asks for
	Ready           int      // replicas of it that are ready
	Istiods         []Istiod // its running istiod pods
	UsesTrustBundle bool     // its proxies get the mesh's root from a ClusterTrustBundle, and it writes no ConfigMap
	Missing         []string // parts of the revision that are not there: "Deployment istiod-x", "Service istiod-x", "webhook istio-sidecar-injector-x"
}

// Istiod is one pod of a control plane.
type Istiod struct {
	Pod                 string // name, in the root namespace
	Ready               bool
	Version             string // from GET /version on port 15014
	Build               string // what identifies the binary: its image
	NoAnswer            string // why it did not answer when it was asked for its proxies; "" when it did
	PortClosed          string // why its port for proxies showed no certificate; "" when it did, or was not asked
	CertificateNotValid string // why the certificate that it showed, which leads to the mesh's roots, is not valid by this machine's clock; "" when it is, or none was looked at
	ForeignRoot         string // why the certificate that it showed does not lead to the mesh's roots; "" when it does, or none was looked at
}

// Answers reports whether the istiod said which proxies it serves.
func (i Istiod) Answers() bool { return i.NoAnswer == "" }

// Tag is a revision tag: a second name by which labels can choose a revision.
type Tag struct {
	Name      string
	Revision  string // the revision that its webhooks call
	Service   string // the revision that its Service istiod-revision-tag-<tag> selects, "" when it has none (before Istio 1.28)
	ManagedBy string // who else keeps it as it is: a Helm release, a GitOps tool; "" nobody
}

// DefaultTag is the name by which the default is moved, whether a tag of that
// name is there or not.
const DefaultTag = "default"

// Validator is the webhook that validates the configuration that names no
// revision: the default's other half (ValidatingWebhookConfiguration
// istiod-default-validator).
type Validator struct {
	Configuration string // the object's name, "" when there is none
	Revision      string // the revision that it calls
}

// Resolve returns the revision behind a label's value: the value itself when it
// names a revision, what a tag points to when it names a tag, and false when
// nobody serves it.
func (w World) Resolve(value string) (string, bool) {
	if t, ok := find(w.Tags, func(t Tag) bool { return t.Name == value }); ok {
		return t.Revision, true
	}
	_, ok := w.Revision(value)
	return value, ok
}
