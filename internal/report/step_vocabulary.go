// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/report/format"
	"github.com/rerig/rerig/internal/step"
)

// stepWords is everything that this package says about one kind of step.
type stepWords struct {
	verb    string                 // the first column of a plan
	counted [2]string              // "1 restart", "2 restarts" in the totals of a plan; empty for checks
	object  func(step.Step) string // what a step changes or checks; nil: its subject
	brief   func(step.Step) string // what follows the object in one line; nil: what changes, from what to what
	start   func(step.Step) string // the line before a change that takes long; nil: none
	done    func(step.Step) string // the line after a change, or after a check that passed

	// Of steps outside of the waves.
	phase  string                 // the live view, while such a step is next
	last   func(back bool) bool   // whether a plan lists it after the waves; nil: before them
	detail func(step.Step) string // what follows the object in a plan
	many   func(n int) string     // the objects of many steps with the same detail; nil: each step is listed

	// Of steps in a wave.
	state    State                                      // of a wave whose next step is of this kind
	row      func(v planView, s step.Step) planRow      // one row per step
	sum      func(v planView, steps []step.Step) string // one row for all steps of the wave
	begun    func(wl mesh.Workload, ready int) bool     // of a move: whether pods of the workload are being replaced
	estimate time.Duration                              // expected duration of one step
}

// vocabulary has an entry for each kind of step.
var vocabulary = map[step.Kind]stepWords{
	step.Define: {
		verb:   "define",
		done:   func(s step.Step) string { return "defined " + definition(s) },
		object: definition,
		phase:  "defining the MeshUpgrade resource",
		detail: func(step.Step) string { return "holds the records of runs" },
	},
	step.Install: {
		verb: "install", counted: [2]string{"install", "installs"}, object: revision,
		start:    func(s step.Step) string { return "installing " + revision(s) + ": this can take a few minutes" },
		done:     func(s step.Step) string { return revision(s) + " is installed" },
		phase:    "installing",
		estimate: 30 * time.Second,
	},
	step.Validate: {
		verb: "validate", object: revision,
		done:  func(s step.Step) string { return "validated " + revision(s) },
		phase: "validating",
		detail: func(step.Step) string {
			return "complete, ready and reachable; webhooks have certificates; same trust root; no proxy moved yet"
		},
	},
	step.FreezeGateway: {
		verb: "freeze", counted: [2]string{"gateway frozen", "gateways frozen"},
		done:  func(s step.Step) string { return "froze " + string(s.Subject) + ": every istiod leaves it alone" },
		state: Labelling,
		row: func(_ planView, s step.Step) planRow {
			return planRow{object: string(s.Subject), noun: "gateway", change: "every istiod leaves it alone" + gatewayLabel(s)}
		},
	},
	step.UnfreezeGateway: {
		verb: "unfreeze", counted: [2]string{"gateway unfrozen", "gateways unfrozen"},
		done:  func(s step.Step) string { return "unfroze " + string(s.Subject) + ": its istiod deploys it again" },
		state: Labelling,
		row: func(_ planView, s step.Step) planRow {
			return planRow{object: string(s.Subject), noun: "gateway", change: "after the waves: its istiod deploys it again" + gatewayLabel(s)}
		},
	},
	step.LabelGateway: {
		verb: "label", counted: [2]string{"gateway labelled", "gateways labelled"},
		object: func(s step.Step) string { return "objects of " + string(s.Subject) },
		done:   func(s step.Step) string { return "labelled the objects of " + string(s.Subject) + ": " + change(s) },
		state:  Labelling,
		row: func(_ planView, s step.Step) planRow {
			return planRow{object: "objects of " + string(s.Subject), noun: "gateway",
				change: "istio.io/rev " + change(s) + " once its old pods are gone: `istioctl uninstall --revision` finds them by it"}
		},
	},
	step.Pin: {
		verb: "pin", counted: [2]string{"pin", "pins"}, object: namespace,
		done:  func(s step.Step) string { return "pinned " + namespace(s) + ": " + change(s) },
		phase: "pinning namespaces to the revision that they run",
		detail: func(s step.Step) string {
			return change(s) + ", the revision that it runs, before its tag moves" + byOthers(s)
		},
		many: func(n int) string { return format.Count(n, "namespace") },
	},
	step.Tag: {
		verb: "tag", counted: [2]string{"tag", "tags"}, object: tag,
		done:   func(s step.Step) string { return "moved " + tag(s) + ": " + change(s) },
		phase:  "moving tags",
		last:   func(back bool) bool { return !back },
		detail: func(s step.Step) string { return change(s) + defaultParts(s) },
	},
	step.RestoreLabel: {
		verb: "restore", counted: [2]string{"label restored", "labels restored"},
		object: func(s step.Step) string { return "label of " + namespace(s) },
		done:   func(s step.Step) string { return "restored the label of " + namespace(s) + ": " + change(s) },
		phase:  "restoring the labels of namespaces",
		last:   always,
		detail: func(s step.Step) string { return change(s) + byOthers(s) },
		many:   func(n int) string { return "labels of " + format.Count(n, "namespace") },
	},
	step.DeleteTrial: {
		verb: "delete", counted: [2]string{"trial pod deleted", "trial pods deleted"}, object: trialPod,
		done:  func(s step.Step) string { return "deleted " + trialPod(s) },
		phase: "deleting trial pods",
	},
	step.Remove: {
		verb: "remove", counted: [2]string{"removal", "removals"},
		done:   func(s step.Step) string { return fmt.Sprintf("removed %s of revision %s", s.Subject, s.To) },
		phase:  "removing the old control plane",
		last:   always,
		detail: removal,
		brief:  removal,
	},
	step.DryRun: {
		verb:   "dry run",
		done:   func(s step.Step) string { return "dry run passed, " + string(s.Subject) },
		phase:  "checking by dry run that the API server still admits pods and configuration",
		last:   always,
		detail: func(step.Step) string { return "the API server still admits it" },
	},
	step.Trial: {
		verb: "trial", counted: [2]string{"trial", "trials"},
		object: func(s step.Step) string { return "trial of " + string(s.Subject) },
		brief:  trialMode,
		start: func(s step.Step) string {
			return fmt.Sprintf("creating a trial pod of %s with a sidecar of %s, %s", s.Subject, s.To, s.From)
		},
		done:     func(s step.Step) string { return fmt.Sprintf("trial of %s passed, %s", s.Subject, trialMode(s)) },
		state:    Trying,
		row:      trialRow,
		estimate: 25 * time.Second,
	},
	step.Label: {
		verb: "label", counted: [2]string{"namespace label", "namespace labels"}, object: namespace,
		done:  func(s step.Step) string { return "labelled " + namespace(s) + ": " + change(s) },
		state: Labelling,
		row: func(_ planView, s step.Step) planRow {
			return planRow{object: namespace(s), noun: "namespace", change: change(s) + byOthers(s)}
		},
	},
	step.LabelTemplate: {
		verb: "label", counted: [2]string{"template label", "template labels"},
		done:  func(s step.Step) string { return "labelled the template of " + string(s.Subject) + ": " + change(s) },
		state: Labelling,
		row: func(_ planView, s step.Step) planRow {
			return planRow{object: string(s.Subject), noun: "template", change: change(s) + ": its template, for its next pods"}
		},
	},
	step.EvictStuckPod: {
		verb: "evict", counted: [2]string{"eviction", "evictions"},
		brief: func(s step.Step) string { return "pod " + podName(s) },
		done:  func(s step.Step) string { return fmt.Sprintf("evicted pod %s of %s", podName(s), s.Subject) },
		state: Restarting,
		row: func(_ planView, s step.Step) planRow {
			return planRow{
				object: string(s.Subject), noun: "workload", pods: 1,
				change: "pod " + podName(s), remark: "not ready, blocks the rollback",
			}
		},
	},
	step.Restart: {
		verb: "restart", counted: [2]string{"restart", "restarts"},
		done:     func(s step.Step) string { return "restarted " + string(s.Subject) + ": " + change(s) },
		state:    Restarting,
		row:      restartRow,
		begun:    func(mesh.Workload, int) bool { return false }, // a begun restart is not left any more
		estimate: restartEstimate,
	},
	step.EvictPods: {
		verb: "evict", counted: [2]string{"workload evicted", "workloads evicted"},
		done:     func(s step.Step) string { return "evicted the pods of " + string(s.Subject) + ": " + change(s) },
		state:    Restarting,
		row:      evictionRow,
		begun:    func(_ mesh.Workload, ready int) bool { return ready > 0 },
		estimate: restartEstimate,
	},
	step.Swap: {
		verb: "swap", counted: [2]string{"swap", "swaps"},
		done:     func(s step.Step) string { return "swapped " + string(s.Subject) + ": " + change(s) },
		state:    Swapping,
		row:      swapRow,
		begun:    func(wl mesh.Workload, _ int) bool { return len(wl.DetachedPods()) > 0 },
		estimate: restartEstimate,
	},
	step.Verify: {
		verb:  "verify",
		done:  func(s step.Step) string { return "verified " + string(s.Subject) },
		state: Verifying,
		sum:   verification,
	},
	step.Soak: {
		verb:   "soak",
		object: func(s step.Step) string { return "wave of " + string(s.Subject) },
		done:   func(s step.Step) string { return "soaked " + string(s.Subject) },
		state:  Soaking,
		sum: func(v planView, _ []step.Step) string {
			return format.Duration(v.Plan.Target.Soak) + ", then verify again"
		},
	},
	step.DeleteParked: {
		verb: "delete", counted: [2]string{"deletion of parked pods", "deletions of parked pods"},
		object: func(s step.Step) string { return "parked pods of " + string(s.Subject) },
		done:   func(s step.Step) string { return "deleted the parked pods of " + string(s.Subject) },
		state:  Draining,
		sum:    parkedDeletion,
	},
}

// gatewayLabel returns what a step changes at the label of a Gateway.
func gatewayLabel(s step.Step) string {
	if s.From == s.To {
		return ""
	}
	return "; label of its Gateway: " + change(s)
}

const restartEstimate = 20 * time.Second

// objectOf returns what a step changes or checks, with its kind.
func objectOf(s step.Step) string {
	if object := vocabulary[s.Kind].object; object != nil {
		return object(s)
	}
	return string(s.Subject)
}

// objectAfterVerb returns the object of a step without a verb that it begins with.
func objectAfterVerb(s step.Step) string {
	object := objectOf(s)
	for _, prefix := range []string{vocabulary[s.Kind].verb + " ", "of ", "wave of "} {
		object = strings.TrimPrefix(object, prefix)
	}
	return object
}

// stepLine returns a step in one line.
func stepLine(s step.Step) string {
	words := vocabulary[s.Kind]
	line := words.verb + " " + objectAfterVerb(s)
	switch {
	case words.brief != nil:
		return line + ": " + words.brief(s)
	case s.From != "" && s.To != "":
		return line + ": " + change(s)
	}
	return line
}

// PhaseOf returns what the live view says while s is the next step, for a step
// outside of the waves.
func PhaseOf(s step.Step) string { return cmp.Or(vocabulary[s.Kind].phase, string(s.Kind)) }

func always(bool) bool { return true }

func revision(s step.Step) string  { return "revision " + string(s.Subject) }
func namespace(s step.Step) string { return "Namespace " + string(s.Subject) }

func definition(s step.Step) string { return "CustomResourceDefinition " + string(s.Subject) }

func tag(s step.Step) string {
	if s.Subject == mesh.DefaultTag {
		return "the default revision"
	}
	return "tag " + string(s.Subject)
}

// change returns what a step changes, from what to what.
func change(s step.Step) string { return cmp.Or(s.From, "nothing") + " -> " + s.To }

// podName returns the name of the pod that a step ends.
func podName(s step.Step) string {
	pod, err := s.Pod()
	if err != nil {
		return s.From
	}
	return pod.Name
}

func trialMode(s step.Step) string { return s.From + " on " + s.To }

func trialPod(s step.Step) string {
	pod, err := s.Pod()
	if err != nil {
		return fmt.Sprintf("trial pod %s of %s", s.From, s.Subject)
	}
	return fmt.Sprintf("trial pod %s/%s of %s", pod.Namespace, pod.Name, s.Subject)
}

// byOthers returns who has to write a label that the run may not write.
func byOthers(s step.Step) string {
	if s.By == "" {
		return ""
	}
	return " (to be committed: managed by " + s.By + ")"
}

// defaultParts names the objects that move with the default revision.
func defaultParts(s step.Step) string {
	if s.Subject == mesh.DefaultTag {
		return ": injection webhook, validation webhook and Service together"
	}
	return ""
}

func removal(s step.Step) string {
	if s.By != "" {
		return "removed by " + s.By + ", which the run waits for"
	}
	return "of revision " + s.To + ", once nothing refers to it"
}

// Described returns the kinds of steps that this package has words for, sorted.
func Described() []step.Kind { return slices.Sorted(maps.Keys(vocabulary)) }
