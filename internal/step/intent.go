// SPDX-License-Identifier: Apache-2.0

package step

import (
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Intent is what the user asks for: the MeshUpgrade's spec in the planner's terms.
type Intent struct {
	Run         string // the MeshUpgrade's name
	Revision    string // the target revision
	Version     string // its Istio version, "" when only the cluster knows it
	Input       string // digest of what it is installed from, "" if it is not installed
	Installable bool   // the run can install the revision, or waits for it, where it does not exist

	Namespaces []string       // namespaces by name
	Selector   *mesh.Selector // and by their labels; with neither, all that are bound to another revision
	Exclude    []string       // namespaces that are not moved, whatever selects them
	Waves      [][]string     // explicit waves
	WaveCount  int            // without Waves: the number of waves; 0 means 3

	Parallel     int           // workloads that are moved at the same time; 0 means 4
	ReadyTimeout time.Duration // for a control plane or a workload; 0 means 10 minutes
	Soak         time.Duration // how long a verified wave runs before the next

	ParkMax time.Duration // how long a parked gateway waits for its connections to end; 0 means 1 hour

	Policy Policy    // strategies and trials
	Tags   TagMode   // what to do with tags and the default
	Labels LabelMode // what to do with labels that name a tag, once the tag has moved
	From   string    // the revision from which the upgrade was begun without this run, "" for none
	Remove bool      // remove the old revision at the end

	RollbackOnFailure bool // roll a failing wave back
	Rollback          bool // the target is the baseline
}

// Excludes reports whether a namespace is excluded by name.
func (in Intent) Excludes(namespace string) bool { return slices.Contains(in.Exclude, namespace) }

// GatewayMode says whether gateways are moved, and when.
type GatewayMode string

// The gateway modes.
const (
	GatewaysLast  GatewayMode = "last"                 // after the other namespaces, egress before ingress
	GatewaysFirst GatewayMode = "first"                // before them
	GatewaysWith  GatewayMode = "with-their-namespace" // in the wave in which their namespace's size puts them
	LeaveGateways GatewayMode = "leave"                // they stay on their revision; "" means the same
)

// TagMode says what to do with the tags, and the default, that bind moved namespaces.
type TagMode string

// The tag modes.
const (
	MoveTags TagMode = "move" // move them once they bind nothing else; "" means the same
	KeepTags TagMode = "keep"
)

// LabelMode says what to do with labels that name a tag, once the tag has moved.
type LabelMode string

// The label modes.
const (
	RestoreLabels  LabelMode = "restore"  // restore them; "" means the same
	ExplicitLabels LabelMode = "explicit" // keep the revision's name
)
