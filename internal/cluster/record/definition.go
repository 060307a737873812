// SPDX-License-Identifier: Apache-2.0

package record

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
)

// DefinitionName is the name of the CustomResourceDefinition.
const DefinitionName = v1alpha1.Resource + "." + v1alpha1.Group

const (
	definitionPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + DefinitionName
	recordsPath    = "/apis/" + v1alpha1.Group + "/" + v1alpha1.Version + "/" + v1alpha1.Resource

	definitionTimeout = 30 * time.Second
)

// Define applies the definition and waits until the API server serves it.
func (s *Store) Define(ctx context.Context) error {
	what := "apply the definition " + DefinitionName
	body, err := yaml.YAMLToJSON(v1alpha1.CRD)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	err = s.api.JSON.Patch(types.ApplyPatchType).AbsPath(definitionPath).
		Param("fieldManager", v1alpha1.FieldManager).Param("force", "true").Body(body).Do(ctx).Error()
	if err != nil {
		return client.WriteError(what, err)
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, definitionTimeout, true, s.served)
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: the API server did not serve it within %s: see `kubectl describe crd %s`; nothing else was changed",
			what, definitionTimeout, DefinitionName)
	}
	return fmt.Errorf("%s: wait until it is served: %w", what, err)
}

// served reports whether the definition is established and its objects can be
// listed.
func (s *Store) served(ctx context.Context) (bool, error) {
	var found struct {
		Status struct {
			Conditions []struct{ Type, Status string } `json:"conditions"`
		} `json:"status"`
	}
	if err := client.DecodeJSON(s.api.JSON.Get().AbsPath(definitionPath).Do(ctx), &found); err != nil {
		return false, nil //nolint:nilerr // it is asked for again until the timeout
	}
	for _, condition := range found.Status.Conditions {
		if condition.Type == "Established" && condition.Status == "True" {
			return s.api.JSON.Get().AbsPath(recordsPath).Param("limit", strconv.Itoa(client.PageSize)).Do(ctx).Error() == nil, nil
		}
	}
	return false, nil
}
