// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// MeshUpgrade asks for a mesh to be moved to a control-plane revision. It is
// cluster-scoped; one at a time may be unfinished.
type MeshUpgrade struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   MeshUpgradeSpec   `json:"spec"`
	Status MeshUpgradeStatus `json:"status,omitempty"`
}

// MeshUpgradeList is a list of MeshUpgrades.
type MeshUpgradeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []MeshUpgrade `json:"items"`
}

// MeshUpgradeSpec is what is wanted.
type MeshUpgradeSpec struct {
	// Revision is the control-plane revision that the namespaces are moved to.
	Revision string `json:"revision"`

	// Version is the Istio version of that revision, such as 1.31.0. Without it,
	// it is the tag in Install, or what the revision's name spells (1-31-0), or
	// that of istioctl; for a revision that is there already, its own.
	Version string `json:"version,omitempty"`

	// Install is the IstioOperator object from which the revision is installed
	// by istioctl when it is not there. Of Install, Helm and Await one at most is
	// given; without any a missing revision is an error.
	Install *runtime.RawExtension `json:"install,omitempty"`

	// Helm is the chart from which Helm installs the revision when it is not
	// there, as the release istiod-<revision>.
	Helm *HelmChart `json:"helm,omitempty"`

	// Await leaves the installation to other hands (an operator, the mesh's
	// provider, GitOps): a revision that is not there is waited for.
	Await bool `json:"await,omitempty"`

	// Namespaces selects what is moved. Without it: every namespace that is bound
	// to another revision and holds more than gateways, as the live webhooks decide
	// it: by its labels, through a tag, by default, or by its pods' own labels.
	Namespaces *NamespaceSelection `json:"namespaces,omitempty"`

	// Waves lists the namespaces that are moved together, in order. Without it
	// the namespaces are divided over WaveCount waves.
	Waves []Wave `json:"waves,omitempty"`

	// WaveCount is into how many waves the namespaces are divided where Waves is
	// not given: the first holds the one namespace with the fewest pods. Default 3.
	WaveCount int `json:"waveCount,omitempty"`

	// MaxParallel is how many workloads restart at the same time. Default 4.
	MaxParallel int `json:"maxParallel,omitempty"`

	// ReadyTimeout is how long the control plane, and each workload, may take to
	// be ready and proven. Default 10m.
	ReadyTimeout *metav1.Duration `json:"readyTimeout,omitempty"`

	// Soak is how long each proven wave is left to run, and is then proven again,
	// before the next begins. Default 1m.
	Soak *metav1.Duration `json:"soak,omitempty"`

	// Way is how workloads are moved where no rule says otherwise: restart (the
	// default) or swap (pod by pod, without a rollout, where it fits).
	Strategy string `json:"way,omitempty"`

	// Trial is whether one pod of each workload that is restarted is tried on the
	// new revision first: none (the default), in-service (it serves with the
	// others for a while), or out-of-service (its readiness gate stays shut, so
	// that no Service leads to it).
	Trial string `json:"trial,omitempty"`

	// Workloads are exceptions from Way and Trial. Of several that match a
	// workload the last one counts.
	Workloads []WorkloadRule `json:"workloads,omitempty"`

	// Tags is what becomes of revision tags, and of the default, by which the
	// moved namespaces were bound: move (the default) points them at the new
	// revision once everything that they bind is moved; keep leaves them.
	Tags string `json:"tags,omitempty"`

	// Labels is what becomes of labels that named a tag, or the default, once it
	// was moved: restore (the default) gives them back as they were; explicit
	// leaves the revision's own name.
	Labels string `json:"labels,omitempty"`

	// From names the revision from which an upgrade was begun by other hands: the
	// namespaces that they moved already belong to the run, and go back to it.
	From string `json:"from,omitempty"`

	// RemoveOld takes the revision that nothing uses any more away, after the last
	// soak, when all the evidence agrees.
	RemoveOld bool `json:"removeOld,omitempty"`

	// RollbackOnFailure puts a failing wave back.
	RollbackOnFailure bool `json:"rollbackOnFailure,omitempty"`

	// Rollback turns the run around: the target is then what was found before it.
	Rollback bool `json:"rollback,omitempty"`
}

// HelmChart is Istio's chart istiod and the values for it.
type HelmChart struct {
	// Chart is a directory, an archive, oci://REGISTRY/CHART, or a name in
	// Repository.
	Chart string `json:"chart"`

	// Repository is the URL of a chart repository.
	Repository string `json:"repository,omitempty"`

	// Version is the chart's version. Without it the spec's version, or else the
	// newest.
	Version string `json:"version,omitempty"`

	// Values are given to the chart. They win over what is carried over.
	Values *runtime.RawExtension `json:"values,omitempty"`

	// Base has Helm upgrade the release of the chart base, with the CRDs of every
	// revision, to the same version first. The default revision stays as it is.
	Base bool `json:"base,omitempty"`

	// Carry names the revision whose values are carried over; none carries
	// nothing over. Default: the one in use.
	Inherit string `json:"carry,omitempty"`

	// Carried is what was carried over when the plan was agreed to.
	Inherited *InheritedValues `json:"carried,omitempty"`
}

// InheritedValues are values that were found in the cluster.
type InheritedValues struct {
	From   string                `json:"from"` // where, in words
	Values *runtime.RawExtension `json:"values,omitempty"`
}

// NamespaceSelection names namespaces, or selects them; both together add up.
type NamespaceSelection struct {
	Names    []string              `json:"names,omitempty"`
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// Wave is a set of namespaces that is moved together.
type Wave struct {
	Namespaces []string `json:"namespaces"`
}

// WorkloadRule says how some workloads are moved. Empty fields match anything.
type WorkloadRule struct {
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`

	// Way is restart, evict, swap, leave, or field: a time is then written into
	// Field.
	Strategy string `json:"way,omitempty"`

	// Field is the path of the field that Way field writes the time into, such as
	// spec.restartAt.
	Field string `json:"field,omitempty"`

	// Trial is as in the spec.
	Trial string `json:"trial,omitempty"`
}
