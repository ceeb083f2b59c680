// A matrix as a map: its trits, or what rounding to them cost.
#pragma once

#include "inspect/latent_weights.h"
#include "inspect/weights/shown_matrix.h"
#include "views/map_source.h"

namespace ternion::app {

enum class TritValue { Mean, ZeroShare };
enum class ErrorValue { Mean, RootMeanSquare };

std::shared_ptr<const MapSource> tritSource(const ShownMatrix& matrix, TritValue value);
/// `trits` is one of the model's.
std::shared_ptr<const MapSource> tritSource(std::shared_ptr<const Model> model, const TernaryMatrix& trits, TritValue value);
/// In units of gamma.
std::shared_ptr<const MapSource> errorSource(std::shared_ptr<const LatentWeights> weights, ErrorValue value);

}  // namespace ternion::app
