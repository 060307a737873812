// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/api/v1alpha1"
)

//go:embed crd.yaml
var definition []byte

const (
	definitionName = v1alpha1.Resource + "." + v1alpha1.Group
	definitionPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + definitionName
	recordsPath    = "/apis/" + v1alpha1.Group + "/" + v1alpha1.Version + "/" + v1alpha1.Resource
)

// Definition is the MeshUpgrade CustomResourceDefinition as it is applied, in YAML.
func Definition() []byte { return definition }

// define applies the definition and waits until the API server serves it.
func (c *Cluster) define(ctx context.Context) error {
	what := "apply the definition " + definitionName
	body, err := yaml.YAMLToJSON(definition)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	err = c.plain.Patch(types.ApplyPatchType).AbsPath(definitionPath).
		Param("fieldManager", v1alpha1.FieldManager).Param("force", "true").Body(body).Do(ctx).Error()
	if err != nil {
		return writing(what, err)
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 30*time.Second, true, c.served)
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: the API server did not serve it within 30s: see `kubectl describe crd %s`; nothing else was changed", what, definitionName)
	}
	return fmt.Errorf("%s: wait until it is served: %w", what, err)
}

// served reports whether the definition is established and answers.
func (c *Cluster) served(ctx context.Context) (bool, error) {
	var found struct {
		Status struct {
			Conditions []struct{ Type, Status string } `json:"conditions"`
		} `json:"status"`
	}
	body, err := c.plain.Get().AbsPath(definitionPath).Do(ctx).Raw()
	if err != nil {
		return false, nil
	}
	if err := json.Unmarshal(body, &found); err != nil {
		return false, err
	}
	for _, condition := range found.Status.Conditions {
		if condition.Type == "Established" && condition.Status == "True" {
			return c.plain.Get().AbsPath(recordsPath).Param("limit", strconv.Itoa(pageSize)).Do(ctx).Error() == nil, nil
		}
	}
	return false, nil
}
