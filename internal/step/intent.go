// SPDX-License-Identifier: Apache-2.0

package step

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Intent is what somebody asks for: the MeshUpgrade's spec in the planner's terms.
type Intent struct {
	Run         string // the MeshUpgrade's name
	Revision    string // the control-plane revision to move to
	Version     string // its Istio version, "" when only the cluster knows it
	Input       string // digest of what it is installed from, "" if it is not installed
	Installable bool   // there is a way to bring it up where it is missing

	Namespaces []string       // namespaces by name
	Selector   *mesh.Selector // and by their labels; neither: all that are bound to another revision
	Waves      [][]string     // explicit waves
	WaveCount  int            // else into how many waves the namespaces are divided; 0 means 3

	Parallel     int           // workloads that restart at the same time; 0 means 4
	ReadyTimeout time.Duration // how long a control plane or a workload may take; 0 means 10 minutes
	Soak         time.Duration // how long a proven wave runs before the next

	Policy Policy    // how workloads are moved
	Tags   TagMode   // what becomes of tags and of the default
	Labels LabelMode // what becomes of labels that named a tag once the tag is moved
	From   string    // the revision from which an upgrade was begun by other hands, "" none
	Remove bool      // take the old revision away at the end

	RollbackOnFailure bool // put a failing wave back
	Rollback          bool // the target is the baseline
}

// TagMode says what becomes of the tags, and of the default, by which the moved
// namespaces were bound.
type TagMode string

const (
	MoveTags TagMode = "move" // once nobody else is bound by them; "" means it
	KeepTags TagMode = "keep"
)

// LabelMode says what becomes of labels that named a tag, once the tag is moved.
type LabelMode string

const (
	RestoreLabels  LabelMode = "restore"  // they are given back as they were; "" means it
	ExplicitLabels LabelMode = "explicit" // they go on naming the revision itself
)
