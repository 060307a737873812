// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"slices"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/lease"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/cluster/rendered"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// When says which runs need the rights of a kind of step.
type When string

// When rights are needed.
const (
	EveryRun  When = "every run"  // of every run that writes: it may have such steps on its rollback
	IfPlanned When = "if planned" // of a run whose plan has such a step
	IfRemoves When = "if removes" // of a run that removes a revision, and of its rollback
	Installer When = "installer"  // the installer says what it needs
	NoOther   When = "no other"   // the step needs nothing besides Reading
)

// Entry says what the steps of one kind need besides Reading.
type Entry struct {
	Kind   step.Kind
	When   When
	Rights func(root, subject string) []Right // of a step with this subject, where istiod is in root; nil if none
}

// Table has one entry for each kind of step.
var Table = []Entry{
	{Kind: step.Define, When: EveryRun, Rights: fixed(defining)},
	{Kind: step.Install, When: Installer},
	{Kind: step.Validate, When: NoOther},
	{Kind: step.FreezeGateway, When: IfPlanned, Rights: fixed(gateways)},
	{Kind: step.UnfreezeGateway, When: IfPlanned, Rights: fixed(gateways)},
	{Kind: step.LabelGateway, When: IfPlanned, Rights: rendering},
	{Kind: step.Pin, When: EveryRun, Rights: fixed(labeling)},
	{Kind: step.Tag, When: IfPlanned, Rights: moveTag},
	{Kind: step.Trial, When: IfPlanned, Rights: fixed(trials)},
	{Kind: step.DeleteTrial, When: IfPlanned, Rights: fixed(trials)},
	{Kind: step.Label, When: EveryRun, Rights: fixed(labeling)},
	{Kind: step.LabelTemplate, When: EveryRun, Rights: fixed(templates)},
	{Kind: step.EvictStuckPod, When: EveryRun, Rights: fixed(evicting)},
	{Kind: step.Restart, When: EveryRun, Rights: fixed(templates)},
	{Kind: step.EvictPods, When: EveryRun, Rights: fixed(evicting)},
	{Kind: step.Swap, When: IfPlanned, Rights: fixed(swapping)},
	{Kind: step.Verify, When: EveryRun, Rights: fixed(asking)},
	{Kind: step.Soak, When: EveryRun, Rights: fixed(asking)},
	{Kind: step.DeleteParked, When: IfPlanned, Rights: fixed(swapping)},
	{Kind: step.RestoreLabel, When: EveryRun, Rights: fixed(labeling)},
	{Kind: step.Remove, When: IfRemoves, Rights: removing},
	{Kind: step.DryRun, When: IfRemoves, Rights: dryRuns},
}

func fixed(list []Right) func(string, string) []Right {
	return func(string, string) []Right { return list }
}

// Writing returns what every run that writes needs besides Reading. The rights of
// an installer are not among them.
func Writing(root string) []Right {
	list := []Right{
		all("create", v1alpha1.Group, v1alpha1.Resource),
		all("patch", v1alpha1.Group, v1alpha1.Resource),
		all("update", v1alpha1.Group, v1alpha1.Resource),
		all("update", v1alpha1.Group, v1alpha1.Resource+"/status"),
		in(root, "create", coordination, "leases"),
		{Verb: "get", Group: coordination, Resource: "leases", Namespace: root, Name: lease.Name},
		{Verb: "update", Group: coordination, Resource: "leases", Namespace: root, Name: lease.Name},
	}
	return sorted(append(list, needed(EveryRun, root)...))
}

// Removing returns what a run that removes a revision needs besides Writing.
func Removing(root string) []Right { return sorted(needed(IfRemoves, root)) }

func needed(when When, root string) []Right {
	var list []Right
	for _, e := range Table {
		if e.When == when {
			list = append(list, e.Rights(root, "")...)
		}
	}
	return list
}

// ForSteps returns, each once, what these steps need besides Writing and Removing.
func ForSteps(steps []step.Step, root string) []Right {
	var list []Right
	for _, s := range steps {
		for _, e := range Table {
			if e.Kind != s.Kind || e.When != IfPlanned {
				continue
			}
			for _, r := range e.Rights(root, string(s.Subject)) {
				if !slices.Contains(list, r) {
					list = append(list, r)
				}
			}
		}
	}
	return list
}

var (
	// defining is left out where the definition is served: see Checker.Needed.
	defining = []Right{
		all("create", istio.Definitions.Group, istio.Definitions.Resource),
		named(record.DefinitionName, "get", istio.Definitions.Group, istio.Definitions.Resource),
		named(record.DefinitionName, "patch", istio.Definitions.Group, istio.Definitions.Resource),
	}

	labeling = []Right{all("get", core, "namespaces"), all("patch", core, "namespaces")}

	templates = []Right{all("patch", apps, "daemonsets"), all("patch", apps, "deployments"), all("patch", apps, "statefulsets")}

	evicting = []Right{all("create", core, "pods/eviction")}

	// asking is the port-forward to one pod of each workload, for its certificate.
	asking = []Right{all("create", core, "pods/portforward")}

	swapping = []Right{
		all("list", discovery, "endpointslices"), // of namespaces in which a pod has a mark
		all("get", core, "pods"),
		all("patch", core, "pods"),
		all("delete", core, "pods"), // parked ones
		all("get", core, "services"),
		all("create", core, "services"), // keepers
		all("delete", core, "services"),
	}

	// gateways are those that istiod deploys for Gateways of the Gateway API.
	gateways = []Right{
		all("get", apps, "deployments"),
		all("patch", apps, "deployments"),
		all("get", istio.APIGateways.Group, istio.APIGateways.Resource),
		all("patch", istio.APIGateways.Group, istio.APIGateways.Resource),
		all("create", istio.APIGateways.Group, istio.APIGateways.Resource), // shadows
		all("delete", istio.APIGateways.Group, istio.APIGateways.Resource),
		all("get", istio.ServiceEntries.Group, istio.ServiceEntries.Resource),
		all("create", istio.ServiceEntries.Group, istio.ServiceEntries.Resource), // keepers
		all("delete", istio.ServiceEntries.Group, istio.ServiceEntries.Resource),
	}

	trials = []Right{
		all("get", apps, "daemonsets"),
		all("get", apps, "deployments"),
		all("get", apps, "statefulsets"),
		all("list", core, "services"),            // for their selectors, and to reach the webhook
		all("list", discovery, "endpointslices"), // of namespaces in which a trial pod serves
		all("create", core, "pods"),
		all("get", core, "pods"),
		all("patch", core, "pods"),
		all("patch", core, "pods/status"), // the readiness gate by which it serves
		all("delete", core, "pods"),
	}
)

// rendering returns what moving a gateway takes that istioctl installed: its template is
// stored, and its objects are labelled. Who may not read Secrets in its namespace also needs
// the verbs escalate on roles and bind on rolebindings: the API server checks each write.
func rendering(_, subject string) []Right {
	namespace := mesh.WorkloadRef(subject).Namespace()
	list := []Right{
		in(namespace, "get", apps, "deployments"),
		in(namespace, "patch", apps, "deployments"),
	}
	for _, verb := range []string{"create", "get", "patch"} {
		list = append(list, in(namespace, verb, core, "configmaps"))
	}
	for _, name := range rendered.Kinds {
		kind, _ := istio.Component(name)
		for _, verb := range []string{"list", "patch"} {
			list = append(list, in(namespace, verb, kind.Resource.Group, kind.Resource.Resource))
		}
	}
	return list
}

// moveTag returns what moving a tag needs. The default may become a tag, and stop
// being one.
func moveTag(root, tag string) []Right {
	list := []Right{
		all("patch", admission, "mutatingwebhookconfigurations"),
		in(root, "get", core, "services"),
		in(root, "patch", core, "services"),
	}
	if tag != mesh.DefaultTag {
		return list
	}
	return append(list,
		all("create", admission, "mutatingwebhookconfigurations"),
		all("delete", admission, "mutatingwebhookconfigurations"),
		all("get", admission, "validatingwebhookconfigurations"),
		all("patch", admission, "validatingwebhookconfigurations"))
}

// removing returns what it takes to save, delete and restore the components of a
// revision. DaemonSets are shared by all revisions and stay.
func removing(root, _ string) []Right {
	list := []Right{in(root, "update", core, "secrets")}
	for _, k := range istio.Components {
		if k.Name == "DaemonSet" {
			continue
		}
		namespace := root
		if k.ClusterWide {
			namespace = ""
		}
		verbs := []string{"delete", "patch", "create"}
		if k.Name == "Secret" || k.Name == "EnvoyFilter" {
			verbs = append(verbs, "get")
		}
		for _, verb := range verbs {
			list = append(list, in(namespace, verb, k.Resource.Group, k.Resource.Resource))
		}
	}
	return list
}

// dryRuns returns what the dry runs after a removal need. Nothing is created.
func dryRuns(root, _ string) []Right {
	return []Right{
		all("create", core, "pods"),
		in(root, "create", istio.Gateways.Group, istio.Gateways.Resource),
		all("get", apps, "statefulsets"),
		all("get", apps, "daemonsets"),
	}
}

// StoringValues returns what a run needs whose specification has values: an
// IstioOperator, or Helm values. They are stored in a Secret.
func StoringValues(root string) []Right {
	return []Right{
		in(root, "create", core, "secrets"),
		in(root, "get", core, "secrets"),
		in(root, "delete", core, "secrets"), // with values that the run no longer uses
	}
}

// UpgradingRelease returns what a run needs besides to upgrade a Helm release: to store it,
// and to read and patch what its chart renders.
func UpgradingRelease(release mesh.HelmRelease) []Right {
	var list []Right
	for _, verb := range []string{"get", "list", "create", "update"} {
		list = append(list, in(release.Namespace, verb, core, "secrets"))
	}
	for _, k := range release.Renders {
		list = append(list, in(k.Namespace, "get", k.Group, k.Resource), in(k.Namespace, "patch", k.Group, k.Resource))
	}
	return list
}
