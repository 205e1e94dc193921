"""Teach a small neural network to read scikit-learn's handwritten digits."""

import enum

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler


class Solver(enum.Enum):
    SGD = "sgd"
    ADAM = "adam"


learning_rate: float = 0.01  # step size
epochs: int = 10  # passes over the training images
hidden: tuple[int, ...] = (32,)  # neurons in each hidden layer
solver: Solver = Solver.SGD  # how the weights are updated
batch_size = 64  # images a step
test_share = 0.25  # share of the images kept for the test
seed = 0  # of the split and of the first weights


def load():
    images, digits = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images, digits, test_size=test_share, random_state=seed, stratify=digits
    )
    scaler = StandardScaler().fit(train_x)
    return scaler.transform(train_x), scaler.transform(test_x), train_y, test_y


def main():
    train_x, test_x, train_y, test_y = load()
    model = MLPClassifier(
        hidden_layer_sizes=hidden,
        solver=solver.value,
        learning_rate_init=learning_rate,
        batch_size=batch_size,
        random_state=seed,
    )
    for epoch in range(1, epochs + 1):
        model.partial_fit(train_x, train_y, classes=range(10))
        accuracy = model.score(test_x, test_y)
        print(f"epoch: {epoch} loss: {model.loss_:.4f} accuracy: {accuracy:.4f}")
    print(f"accuracy: {accuracy:.4f}")
    return {"accuracy": accuracy, "loss": float(model.loss_), "epochs": epochs}


if __name__ == "__main__":
    main()
