// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"slices"
	"time"
)

// Kind is the kind of a workload's root owner.
type Kind string

// The kinds of which something is known; any other kind keeps its own name.
const (
	Deployment            Kind = "Deployment"
	StatefulSet           Kind = "StatefulSet"
	DaemonSet             Kind = "DaemonSet"
	ReplicaSet            Kind = "ReplicaSet" // one that nothing owns
	ReplicationController Kind = "ReplicationController"
	ArgoRollout           Kind = "Rollout"
	CronJob               Kind = "CronJob"
	Job                   Kind = "Job"
	BarePod               Kind = "Pod"  // one that nothing owns
	StaticPod             Kind = "Node" // owns the pods that a kubelet runs from files of its own
)

// Templated reports whether pods of a kind are made of a template that can be
// read, and by others than their own controller.
func (k Kind) Templated() bool {
	return slices.Contains([]Kind{Deployment, StatefulSet, DaemonSet, ReplicaSet, ArgoRollout}, k)
}

// Workload is what owns pods, seen from the root of the owner chain.
type Workload struct {
	Kind              Kind
	API               string // apiVersion of a kind that is not Kubernetes' own: argoproj.io/v1alpha1
	Resource          string // as what objects of such a kind are served: rollouts
	Namespace         string
	Name              string
	Gateway           bool              // its proxies are gateways (routers), not sidecars
	Replicas          int               // pods that ought to run
	Template          Template          // of its next pod
	Drains            bool              // declared to drain by the annotation rerig.dev/drains=true
	NoSecondPod       string            // why no other pod of its template may stand beside its own, "" when one may
	Downtime          string            // why none of its pods serves for a moment when it is restarted, "" when some always do
	RestartAnnotation RestartAnnotation // the last restart by a run of ours
	CompletesAt       string            // when its pods end by themselves, for a Job or the Jobs of a CronJob
	ManagedBy         string            // who else keeps its template as it is: a GitOps tool, a Helm release; "" nobody
	SelectsRevision   bool              // its selector names the label istio.io/rev: its template's cannot be changed
	TemplateFrom      WorkloadRef       // of a Rollout: the Deployment whose template it uses
	ReadError         string            // why its own object could not be read, "" when it was, or need not be
	Surge             int               // pods beside the present ones without which its restart cannot begin
	Needs             Needs             // what one pod of it asks for, its sidecar included
	Scaler            Scaler            // the autoscaler that it has
	Rollout           Rollout
	Pods              []Pod // every pod that has not run to its end

	ReplicaSetHash string        // pod-template-hash of its newest ReplicaSet, "" when not known or not a Deployment
	Services       []Service     // those that select its template's labels
	Selectors      []PodSelector // what else chooses pods of its namespace by their labels; read only where something is to be swapped
	Keeper         string        // name of the Service that keeps its parked pods' listeners, "" when there is none
	Deleted        bool          // it was deleted, and nothing is left of it but what a swap kept
	NotSideBySide  string        // why two of its pods must not stand beside each other for long, "" when they may
}

// Ref returns the workload's reference: "Deployment shop-web/web".
func (w Workload) Ref() WorkloadRef { return RefOf(w.Kind, w.Namespace, w.Name) }

// Template is what a workload's next pod would be made from.
type Template struct {
	Hash        string // digest of the whole template as stored
	Labels      map[string]string
	Annotations map[string]string
	HostNetwork bool
	Containers  []Container // the application's own: no proxy, no init container
	Proxy       bool        // the template itself carries an istio-proxy: injected by hand, or a rendered gateway
}

// Container is an application container.
type Container struct {
	Name    string
	PreStop bool // it has a preStop hook, so it goes on serving while endpoints are taken away
}

// RestartAnnotation is what a run writes into the template of a workload that it restarts.
type RestartAnnotation struct {
	Run string    // annotation rerig.dev/run
	At  time.Time // annotation rerig.dev/restarted-at
}

// Rollout tells how far the workload's controller is.
type Rollout struct {
	Done      bool   // the controller has seen the newest template, and all wanted pods of it are available, and no older ones remain
	Paused    bool   // a Deployment's spec.paused
	OnDelete  bool   // updateStrategy OnDelete, or a partition that holds pods back: a restart does not replace every pod
	Partition bool   // it is a partition that holds pods back: those are made anew from an older template
	Pending   bool   // pods that are made anew now would be of a newer template than those that run
	Message   string // why it is not done, in the controller's words where it has some
}

// Pod is one pod of a workload.
type Pod struct {
	Name         string
	UID          string
	Node         string
	Running      bool // phase Running
	Ready        bool
	NotAvailable bool // ready, but not yet for as long as its Deployment demands (minReadySeconds)
	Terminating  bool
	Current      bool    // made from the workload's newest template
	Sidecar      Sidecar // the proxy that it really carries
	Problem      string  // why it does not run or get ready: "istio-proxy: ImagePullBackOff: …"
	Created      time.Time

	HasController bool          // a controller owns it
	Swap          Swap          // what a swap has made of it
	Endpoints     []string      // Services in which it is a ready endpoint; read only where something is swapped
	GracePeriod   time.Duration // how long it may take to end: terminationGracePeriodSeconds
}

// Sidecar is the proxy that a pod carries.
type Sidecar struct {
	Present  bool   // there is an istio-proxy container, native or not
	Revision string // by which revision it was injected: annotation istio.io/rev, else the revision in sidecar.istio.io/status
	Version  string // tag of its image
}

// Injected reports whether pods of the workload that run now carry a sidecar.
func (w Workload) Injected() bool {
	for _, p := range w.Pods {
		if p.Sidecar.Present && !p.Terminating && p.Swap.Place != Parked {
			return true
		}
	}
	return false
}

// ForGateway reports whether istiod itself renders the workload for the Gateway API:
// what its templates label so, or what carries its proxy. The Gateway's name alone
// stands on the pods of other implementations as well. Which istiod does follows the
// Gateway's label istio.io/rev, else that of its namespace, and changes at once with
// it: IsMine in pkg/revisions/tag_watcher.go @1.29.1.
func (w Workload) ForGateway() bool {
	_, is := w.Template.Labels[GatewayLabel]
	_, own := w.Template.Labels[ManagedLabel]
	return w.Gateway && is && (own || w.Template.Proxy)
}

// Live returns the pods that count: those that nobody has asked to end, and that
// are not parked.
func (w Workload) Live() []Pod {
	var live []Pod
	for _, p := range w.Pods {
		if !p.Terminating && p.Swap.Place != Parked {
			live = append(live, p)
		}
	}
	return live
}

// Sidecars returns the revisions that injected the workload's live pods, sorted,
// each once; "" stands for pods without a sidecar.
func (w Workload) Sidecars() []string {
	var revisions []string
	for _, p := range w.Live() {
		revisions = append(revisions, p.Sidecar.Revision)
	}
	return sortedUnique(revisions)
}
