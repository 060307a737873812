// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// MeshUpgrade moves a mesh to a control-plane revision, and records how far that
// has come. Only one MeshUpgrade at a time may be unfinished.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:metadata:labels="app.kubernetes.io/name=rerig"
// +kubebuilder:resource:path=meshupgrades,scope=Cluster,shortName=mu,categories=istio-io
// +kubebuilder:printcolumn:name=Revision,type=string,JSONPath=`.spec.revision`
// +kubebuilder:printcolumn:name=Phase,type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name=Waves,type=string,JSONPath=`.status.waves`
// +kubebuilder:printcolumn:name=Message,type=string,JSONPath=`.status.message`
// +kubebuilder:printcolumn:name=Age,type=date,JSONPath=`.metadata.creationTimestamp`
type MeshUpgrade struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   MeshUpgradeSpec   `json:"spec"`
	Status MeshUpgradeStatus `json:"status,omitempty"`
}

// MeshUpgradeList is a list of MeshUpgrades.
//
// +kubebuilder:object:root=true
type MeshUpgradeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []MeshUpgrade `json:"items"`
}

// MeshUpgradeSpec says what the upgrade should do. At most one of install, helm
// and await is set; without any of them, the revision must exist.
type MeshUpgradeSpec struct {
	// Revision is the control-plane revision to move the namespaces to.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=56
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Revision string `json:"revision"`

	// Version is the Istio version of that revision, such as 1.31.0. Default: the
	// version of an existing revision; otherwise the tag in install, the version
	// that the revision's name spells (1-31-0), or that of istioctl.
	Version string `json:"version,omitempty"`

	// IstioNamespace is the namespace of istiod. Rerig records it when the run begins,
	// and later commands on the run use it. Default: that of --istio-namespace, or
	// istio-system.
	IstioNamespace string `json:"istioNamespace,omitempty"`

	// Install is the IstioOperator object from which istioctl installs the revision
	// if it does not exist, or a reference to it in a Secret: rerig.dev/from-secret.
	//
	// +kubebuilder:pruning:PreserveUnknownFields
	Install *runtime.RawExtension `json:"install,omitempty"`

	// Helm is the chart from which Helm installs the revision if it does not exist,
	// as the release istiod-REVISION.
	Helm *HelmChart `json:"helm,omitempty"`

	// Await leaves the installation to another tool, such as an operator, a mesh
	// provider or GitOps. The run waits until the revision exists.
	Await bool `json:"await,omitempty"`

	// Namespaces selects the namespaces to move. Default: every namespace that is
	// bound to another revision (by its labels, a tag, the default revision, or its
	// pods' own labels, as the live webhooks decide) and holds more than gateways.
	Namespaces *NamespaceSelection `json:"namespaces,omitempty"`

	// Waves lists the namespaces that are moved together, in order. Default: the
	// namespaces are split into waveCount waves.
	Waves []Wave `json:"waves,omitempty"`

	// WaveCount is the number of waves to split the namespaces into if waves is not
	// set. The first wave is the namespace with the fewest pods. Default: 3.
	//
	// +kubebuilder:validation:Minimum=0
	WaveCount int `json:"waveCount,omitempty"`

	// MaxParallel is the number of workloads that restart at the same time.
	// Default: 4.
	//
	// +kubebuilder:validation:Minimum=0
	MaxParallel int `json:"maxParallel,omitempty"`

	// ReadyTimeout is how long the control plane, and each workload, may take to be
	// ready and verified. Default: 10m.
	//
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	ReadyTimeout *metav1.Duration `json:"readyTimeout,omitempty"`

	// Soak is how long each verified wave runs before it is verified again and the
	// next wave starts. Default: 1m.
	//
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	Soak *metav1.Duration `json:"soak,omitempty"`

	// ParkMax is how long the old pods of a swapped gateway wait, parked, for their
	// connections to end, before these are cut. Default: 1h.
	//
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	ParkMax *metav1.Duration `json:"parkMax,omitempty"`

	// Strategy is how to move the workloads that no rule matches: restart (a rolling
	// restart; the default) or swap (pod by pod, without a rollout, where the
	// workload allows it; the default for gateways).
	//
	// +kubebuilder:validation:Enum=restart;swap
	Strategy string `json:"strategy,omitempty"`

	// Trial is whether one extra pod of each restarted workload runs on the target
	// revision first: none (the default), in-service (Services send it requests for
	// a while), or out-of-service (its readiness gate keeps it out of Services; the
	// default for gateways).
	//
	// +kubebuilder:validation:Enum=none;in-service;out-of-service
	Trial string `json:"trial,omitempty"`

	// Workloads are rules that override strategy and trial for some workloads. If
	// several rules match a workload, the last one decides.
	Workloads []WorkloadRule `json:"workloads,omitempty"`

	// Tags is what to do with the revision tags, and the default revision, that bind
	// moved namespaces: move (the default) points them at the target once everything
	// they bind is moved; keep leaves them.
	//
	// +kubebuilder:validation:Enum=move;keep
	Tags string `json:"tags,omitempty"`

	// Gateways is when to move the gateways whose pods the webhooks inject, and those that
	// istiod deploys for the Gateway API: last (the default of a new run: after the other
	// namespaces, egress before ingress), first, with-their-namespace (in any wave), or
	// leave (they stay on their revision). A run that has begun without it leaves them.
	//
	// +kubebuilder:validation:Enum=last;first;with-their-namespace;leave
	Gateways string `json:"gateways,omitempty"`

	// Labels is what to do with labels that named a tag, or the default revision,
	// once it is moved: restore (the default) writes the former label again;
	// explicit leaves the revision's own name.
	//
	// +kubebuilder:validation:Enum=restore;explicit
	Labels string `json:"labels,omitempty"`

	// From is the revision from which another tool or person started this upgrade.
	// Namespaces that were moved already are then part of the run, and a rollback
	// moves them back to it.
	From string `json:"from,omitempty"`

	// RemoveOld removes the old revision after the last soak, if nothing uses it any
	// more.
	RemoveOld bool `json:"removeOld,omitempty"`

	// RollbackOnFailure rolls back a wave that fails verification.
	RollbackOnFailure bool `json:"rollbackOnFailure,omitempty"`

	// Rollback turns the run around: its target is then the baseline, the mesh as it
	// was before the run.
	Rollback bool `json:"rollback,omitempty"`

	// Way is the name of strategy in version 0.1. It is read if strategy is not set.
	//
	// +kubebuilder:validation:Enum=restart;swap
	Way string `json:"way,omitempty"`
}

// HelmChart is Istio's chart istiod and its values.
type HelmChart struct {
	// Chart is a directory, an archive, oci://REGISTRY/CHART, or a name in
	// repository.
	//
	// +kubebuilder:validation:MinLength=1
	Chart string `json:"chart"`

	// Repository is the URL of a chart repository.
	Repository string `json:"repository,omitempty"`

	// Version is the chart's version. Default: the version of the MeshUpgrade, or
	// the newest one.
	Version string `json:"version,omitempty"`

	// Values are given to the chart. They override inherited values. Rerig writes a
	// reference to values in a Secret: rerig.dev/from-secret.
	//
	// +kubebuilder:pruning:PreserveUnknownFields
	Values *runtime.RawExtension `json:"values,omitempty"`

	// Base upgrades the Helm release of the chart base, with the CRDs of every
	// revision, to the same version first. The default revision stays as it is.
	Base bool `json:"base,omitempty"`

	// Inherit is the revision whose Helm values the new revision inherits, or none.
	// Default: the revision in use.
	Inherit string `json:"inherit,omitempty"`

	// Inherited are the values that were inherited when the plan was approved.
	Inherited *InheritedValues `json:"inherited,omitempty"`

	// Carry is the name of inherit in version 0.1. It is read if inherit is not set.
	Carry string `json:"carry,omitempty"`

	// Carried is the name of inherited in version 0.1. It is read if inherited is not
	// set.
	Carried *InheritedValues `json:"carried,omitempty"`
}

// InheritedValues are Helm values that were found in the cluster.
type InheritedValues struct {
	// From says where the values were found.
	From string `json:"from"`

	// Values are the values that were found, or a reference to them in a Secret.
	//
	// +kubebuilder:pruning:PreserveUnknownFields
	Values *runtime.RawExtension `json:"values,omitempty"`
}

// NamespaceSelection selects namespaces: those that are named, and those that the
// selector matches; with neither, every namespace that is bound to another revision.
type NamespaceSelection struct {
	// Names are the namespaces by name.
	Names []string `json:"names,omitempty"`

	// Selector matches the labels of namespaces.
	Selector *metav1.LabelSelector `json:"selector,omitempty"`

	// Exclude are namespaces that are not moved, whatever selects them.
	Exclude []string `json:"exclude,omitempty"`
}

// Wave is a set of namespaces that are moved together.
type Wave struct {
	// Namespaces are the names of the namespaces.
	//
	// +kubebuilder:validation:MinItems=1
	Namespaces []string `json:"namespaces"`
}

// WorkloadRule says how to move some workloads. An empty field matches any.
type WorkloadRule struct {
	// Kind is the kind of the workloads, such as Deployment.
	Kind string `json:"kind,omitempty"`

	// Namespace is the namespace of the workloads.
	Namespace string `json:"namespace,omitempty"`

	// Name is the name of the workload.
	Name string `json:"name,omitempty"`

	// Strategy is restart, evict, swap, leave, or field, which writes the current
	// time into the field that field names.
	//
	// +kubebuilder:validation:Enum=restart;evict;swap;held-rollout;field;leave
	Strategy string `json:"strategy,omitempty"`

	// Field is the path of the field that the strategy field writes, such as
	// spec.restartAt.
	Field string `json:"field,omitempty"`

	// Trial overrides the trial of the MeshUpgrade.
	//
	// +kubebuilder:validation:Enum=none;in-service;out-of-service
	Trial string `json:"trial,omitempty"`

	// Way is the name of strategy in version 0.1. It is read if strategy is not set.
	//
	// +kubebuilder:validation:Enum=restart;evict;swap;held-rollout;field;leave
	Way string `json:"way,omitempty"`
}
