// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is the kind of a workload's root owner.
type Kind string

// The known kinds. Any other kind keeps its own name.
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
	StaticPod             Kind = "Node" // owner of static pods, which a kubelet runs from its own files
)

// Templated reports whether the pods of a kind come from a template that can be read.
func (k Kind) Templated() bool {
	return slices.Contains([]Kind{Deployment, StatefulSet, DaemonSet, ReplicaSet, ArgoRollout}, k)
}

// Workload is the root of the owner chain of pods.
type Workload struct {
	Kind              Kind
	APIVersion        string // apiVersion of a kind that Kubernetes does not define: argoproj.io/v1alpha1
	Resource          string // resource name of such a kind: rollouts
	Namespace         string
	Name              string
	Gateway           bool              // its proxies are gateways (routers), not sidecars
	Replicas          int               // wanted pods
	Template          Template          // the template of its next pod
	Drains            bool              // annotation rerig.dev/drains=true: it drains on termination
	NoSecondPod       string            // why no additional pod of its template may run, "" when one may
	Downtime          string            // why a restart leaves no pod serving for a moment, "" when some pod always serves
	RestartAnnotation RestartAnnotation // of the last restart by Rerig
	CompletesAt       string            // when its pods end by themselves, for a Job or a CronJob
	ManagedBy         string            // the GitOps tool or Helm release that manages its template; "" for none
	SetBy             FieldManager      // of its template's label istio.io/rev, if that is another tool
	SelectsRevision   bool              // its selector has the label istio.io/rev, so its template's cannot be changed
	TemplateFrom      WorkloadRef       // the Deployment whose template a Rollout uses
	ReadError         string            // why its object could not be read, "" when it was or need not be
	Surge             int               // additional pods that its restart needs to begin
	Needs             Needs             // of one pod, sidecar included
	Scaler            Scaler
	Rollout           Rollout
	Pods              []Pod // every pod that has not completed

	ReplicaSetHash string        // pod-template-hash of a Deployment's newest ReplicaSet, "" when unknown
	Services       []Service     // Services that select its template's labels
	Selectors      []PodSelector // other selectors of its namespace's pods; read only for a swap
	Keeper         string        // name of the Service that keeps its parked pods' listeners, "" without
	Deleted        bool          // it was deleted; only pods that a swap detached remain
	NotSideBySide  string        // why two of its pods must not run together for long, "" when they may

	APIGateway APIGatewayObject // the Gateway for which istiod deploys it
	Installed  InstalledGateway // what istioctl has written on it

	Settings RolloutSettings // of a Deployment: how a new template replaces pods
	Held     HeldRollout     // of a Deployment: by which run its rollout is held
	Release  HelmRelease     // of a Deployment: the Helm release that can write its label; read only for a swap
}

// Ref returns the workload's reference: "Deployment shop-web/web".
func (w Workload) Ref() WorkloadRef { return RefOf(w.Kind, w.Namespace, w.Name) }

// ResumeCommand returns the command that resumes the workload's rollout.
func (w Workload) ResumeCommand() string {
	return fmt.Sprintf("kubectl rollout resume %s/%s -n %s", strings.ToLower(string(w.Kind)), w.Name, w.Namespace)
}

// Template is the template of a workload's next pod.
type Template struct {
	Hash        string // digest of the complete template as stored
	Labels      map[string]string
	Annotations map[string]string
	HostNetwork bool
	Containers  []Container // of the application, without proxy and init containers
	Proxy       bool        // the template itself has an istio-proxy: injected manually, or a rendered gateway

	ProxyContainer ProxyContainer
	ProxySettings  ProxySettings // of its annotation proxy.istio.io/config and its proxy's environment
}

// Container is an application container.
type Container struct {
	Name    string
	PreStop bool // it has a preStop hook, so it still serves while its endpoints are removed
}

// RestartAnnotation holds the annotations that a run sets on a template to restart the workload.
type RestartAnnotation struct {
	Run string    // annotation rerig.dev/run
	At  time.Time // annotation rerig.dev/restarted-at
}

// Rollout is the progress of the workload's controller.
type Rollout struct {
	// Done reports that the controller has observed the newest template, that all wanted pods
	// of it are available, and that no older pods remain.
	Done      bool
	Paused    bool   // a Deployment's spec.paused
	OnDelete  bool   // updateStrategy OnDelete, or a partition: a restart does not replace every pod
	Partition bool   // a partition excludes pods: they are re-created from an older template
	Pending   bool   // pods re-created now would have a newer template than those that run
	Message   string // why it is not done, in the controller's words where possible
}

// Pod is one pod of a workload.
type Pod struct {
	Name         string
	UID          string
	Node         string
	Running      bool // phase Running
	Ready        bool
	NotAvailable bool // ready, but not yet for its Deployment's minReadySeconds
	Terminating  bool
	Current      bool    // created from the workload's newest template
	Sidecar      Sidecar // the proxy that it runs
	Problem      string  // why it does not run or become ready: "istio-proxy: ImagePullBackOff: …"
	Created      time.Time

	HasController bool          // a controller owns it: ownerReferences
	OlderHash     string        // pod-template-hash of a Deployment's pod that is not Current, "" for any other
	Swap          Swap          // its state in a swap
	Endpoints     []string      // Services in which it is a ready endpoint; read only for a swap
	GracePeriod   time.Duration // terminationGracePeriodSeconds
}

// Sidecar is the proxy of a pod.
type Sidecar struct {
	Present  bool   // there is an istio-proxy container, native or not
	Revision string // the injecting revision: annotation istio.io/rev, else the revision in sidecar.istio.io/status
	Version  string // tag of its image
	Mesh     string // the namespace of the istiod that it is configured for, "" where that is not known
}

// Injected reports whether any live pod of the workload has a sidecar.
func (w Workload) Injected() bool {
	for _, p := range w.Pods {
		if p.Sidecar.Present && !p.Terminating && p.Swap.Place != Parked {
			return true
		}
	}
	return false
}

// ForGateway reports whether istiod renders the workload for a Gateway of the Gateway API:
// it has the label of istiod's controller or its proxy. The Gateway's name alone is also a
// label of other implementations. The istiod that renders it follows the label istio.io/rev
// of the Gateway, else of the namespace, and changes at once with it: IsMine in
// pkg/revisions/tag_watcher.go @1.29.1.
func (w Workload) ForGateway() bool {
	_, named := w.Template.Labels[GatewayLabel]
	_, managed := w.Template.Labels[ManagedLabel]
	return w.Gateway && named && (managed || w.Template.Proxy)
}

// GatewayMake is how a gateway came to be, and so who chooses its revision.
type GatewayMake string

// The makes of gateways.
const (
	NoGateway       GatewayMake = ""
	InjectedGateway GatewayMake = "injected"    // chart gateway, or plain YAML: webhooks inject the proxy into each new pod
	RenderedGateway GatewayMake = "rendered"    // the proxy is in its template: istioctl, or a chart, rendered it for one revision
	APIGateway      GatewayMake = "gateway-api" // istiod deploys it for a Gateway of the Gateway API
)

// GatewayMake returns how a gateway came to be, NoGateway for a workload that is none.
func (w Workload) GatewayMake() GatewayMake {
	switch {
	case !w.Gateway:
		return NoGateway
	case w.ForGateway():
		return APIGateway
	case w.Template.Proxy:
		return RenderedGateway
	}
	return InjectedGateway
}

// Live returns the pods that are neither terminating nor parked.
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
// each once; "" stands for a pod without sidecar.
func (w Workload) Sidecars() []string {
	var revisions []string
	for _, p := range w.Live() {
		revisions = append(revisions, p.Sidecar.Revision)
	}
	return sortedUnique(revisions)
}
