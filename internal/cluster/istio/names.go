// SPDX-License-Identifier: Apache-2.0

// Package istio holds the names, labels and kinds that Istio gives to what it
// installs.
package istio

import (
	"cmp"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

const (
	// DefaultRoot is the namespace of istiod unless another one was chosen.
	DefaultRoot = "istio-system"

	// App is the value of the label app on istiod's objects.
	App = "istiod"

	// DefaultRevision is the label value of what was installed without a revision.
	DefaultRevision = mesh.DefaultRevision

	// TagLabel is on the webhooks of a revision tag.
	TagLabel = "istio.io/tag"

	// InjectorSuffix ends the name of every webhook that injects sidecars:
	// pkg/webhooks/webhookpatch.go @1.29.1.
	InjectorSuffix = "sidecar-injector.istio.io"

	// DefaultValidator validates configuration that names no revision
	// (manifests/charts/base and istioctl/pkg/tag/generate.go @1.29.1).
	DefaultValidator = "istiod-default-validator"

	// TagService begins the names of the Services that tags have since Istio 1.28.
	TagService = "istiod-revision-tag-"

	// ComponentLabel names the part of Istio of which an object is.
	ComponentLabel = "operator.istio.io/component"

	// Pilot is the ComponentLabel of a control plane.
	Pilot = "Pilot"

	// RootConfigMap is the ConfigMap in which istiod gives proxies the mesh's root
	// certificates, under RootKey: pkg/kube/controllers/namespacecontroller.go and
	// security/pkg/k8s @1.29.1.
	RootConfigMap = "istio-ca-root-cert"
	RootKey       = "root-cert.pem"
)

// RevisionOf returns the revision that labels name.
func RevisionOf(labels map[string]string) string {
	return cmp.Or(labels[mesh.RevisionLabel], DefaultRevision)
}

// Revisioned returns the name that an object has for a revision: "istiod-1-31-0".
func Revisioned(name, revision string) string {
	if revision == DefaultRevision {
		return name
	}
	return name + "-" + revision
}

// RevisionIn returns the revision in the name of an istiod's Service or
// Deployment.
func RevisionIn(name string) string {
	return cmp.Or(strings.TrimPrefix(strings.TrimPrefix(name, App), "-"), DefaultRevision)
}

// InjectorOf returns the name of a revision's own MutatingWebhookConfiguration:
// mutatingwebhook.yaml of the istio-discovery chart @1.29.1.
func InjectorOf(root, revision string) string {
	return inRoot(Revisioned("istio-sidecar-injector", revision), root)
}

// TagWebhook returns the name of the MutatingWebhookConfiguration of a tag:
// revision-tags-mwc.yaml of the istio-discovery chart @1.29.1.
func TagWebhook(root, tag string) string { return inRoot("istio-revision-tag-"+tag, root) }

// inRoot returns the name of a cluster-scoped object of the control plane in a root
// namespace.
func inRoot(name, root string) string {
	if root == DefaultRoot {
		return name
	}
	return name + "-" + root
}
