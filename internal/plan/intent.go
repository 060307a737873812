// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"time"

	"github.com/rerig/rerig/internal/mesh"
)

// Intent is what somebody asks for: the MeshUpgrade's spec in the planner's terms.
type Intent struct {
	Run         string // the MeshUpgrade's name
	Revision    string // the control-plane revision to move to
	Version     string // its Istio version, "" when only the cluster knows it
	Installable bool   // there is an IstioOperator file to install it from

	Names    []string       // namespaces by name
	Selector *mesh.Selector // and by their labels; neither: all that are bound to another revision
	Waves    [][]string     // explicit waves
	Count    int            // else into how many waves the namespaces are divided; 0 means 3

	Parallel int           // workloads that restart at the same time; 0 means 4
	Ready    time.Duration // how long a control plane or a workload may take; 0 means 10 minutes
	Soak     time.Duration // how long a proven wave runs before the next

	RollbackOnFailure bool // put a failing wave back
	Rollback          bool // the target is the baseline
}
